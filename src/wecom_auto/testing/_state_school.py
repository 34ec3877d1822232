"""Parents, students and notices, as plain mutable rows. No rules."""

from __future__ import annotations

from attrs import define, field

from wecom_auto.testing._wire import Body

__all__ = ["Notice", "Parent", "School", "Student"]


@define(kw_only=True)
class Student:
    """A student; `party` is the class."""

    student_userid: str
    name: str
    party: int = 1
    subscribed: bool = True


@define(kw_only=True)
class Parent:
    """A parent; `external_userid` is there from the first time they followed the school's notices."""

    parent_userid: str
    mobile: str = field(default="", repr=False)
    foreign_key: str = ""
    external_userid: str = ""
    subscribed: bool = False
    children: dict[str, None] = field(factory=dict[str, None])


@define(kw_only=True)
class Notice:
    """A notice that went out, and who got it."""

    agent_id: int
    msgtype: str
    body: Body
    at: float
    parents: list[str]
    students: list[str]


@define(kw_only=True)
class School:
    """The school's address book and its notices; mode 1 lets anybody join who scans the code, 2 does not."""

    subscribe_mode: int = 1
    students: dict[str, Student] = field(factory=dict[str, Student])
    parents: dict[str, Parent] = field(factory=dict[str, Parent])
    notices: list[Notice] = field(factory=list[Notice])

    def parties(self) -> set[int]:
        """Return the departments that have a student; 1 is the root and always there."""
        return {1, *(one.party for one in self.students.values())}

    def parents_of(self, student_userid: str) -> list[str]:
        """Return the parents of a student."""
        return [one.parent_userid for one in self.parents.values() if student_userid in one.children]

    def of_external(self, external_userid: str) -> Parent | None:
        """Return the parent who is that external contact."""
        return next((one for one in self.parents.values() if one.external_userid == external_userid), None)
