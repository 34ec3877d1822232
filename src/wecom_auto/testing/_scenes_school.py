"""What happens at a school: families are listed, parents scan the code, follow and leave. Answers no request."""

from __future__ import annotations

from collections.abc import Collection

from wecom_auto.testing._records_more import FakeNotice, FakeParent, notice_record, parent_record
from wecom_auto.testing._scenes import CustomerLike, Scenes, scene
from wecom_auto.testing._state import Person
from wecom_auto.testing._state_school import Parent, Student

__all__ = ["SchoolScenes"]

ANYBODY = 1


class SchoolScenes(Scenes):
    """Home and school (家校沟通); `Settings(is_education=True)` makes the corp a school."""

    @scene
    def add_student(self, student_userid: str, *, name: str = "", party: int = 1, subscribed: bool = True) -> None:
        """Put a student into the school's address book.

        Args:
            student_userid: The id.
            name: The name; the id unless given.
            party: The department of the class; 1 is the root.
            subscribed: Whether they follow the school's notices.
        """
        student = Student(
            student_userid=student_userid, name=name or student_userid, party=party, subscribed=subscribed
        )
        self._core.state.school.students[student_userid] = student

    @scene
    def add_parent(
        self,
        parent_userid: str,
        *,
        children: Collection[str] = (),
        mobile: str = "",
        foreign_key: str = "",
        subscribed: bool = True,
        customer: CustomerLike | None = None,
    ) -> FakeParent:
        """Put a parent into the school's address book; children who are unknown are added.

        Args:
            parent_userid: The id.
            children: The students.
            mobile: The mobile number, by which the parent is known when they scan the code.
            foreign_key: The school's own key.
            subscribed: Whether they follow the school's notices; only then they are an external contact.
            customer: Who they are, if a member follows them already; a new person unless given.
        """
        known = "" if customer is None else self._person(customer).external_userid
        parent = Parent(parent_userid=parent_userid, mobile=mobile, foreign_key=foreign_key, external_userid=known)
        for child in children:
            if child not in self._core.state.school.students:
                self.add_student(child)
            parent.children[child] = None
        self._core.state.school.parents[parent_userid] = parent
        if subscribed:
            self._subscribe(parent)
        return parent_record(parent)

    @scene
    def parent(self, parent_userid: str) -> FakeParent:
        """Return a parent as they are now.

        Raises:
            LookupError: No such parent.
        """
        return parent_record(self._parent(parent_userid))

    @scene
    def scan_school_code(self, mobile: str, *, child: str = "") -> FakeParent:
        """Let a parent scan the code of the school's notices and give their mobile number.

        Listed parents follow from now on. Others fill in a form and join, if the subscribe mode lets them.

        Args:
            mobile: The number.
            child: The student whom an unlisted parent names.

        Raises:
            LookupError: Nobody with that number is listed, and only listed parents may join (mode 2).
        """
        school = self._core.state.school
        known = next((one for one in school.parents.values() if one.mobile == mobile), None)
        if known is None and school.subscribe_mode != ANYBODY:
            msg = "nobody with this number is listed, and set_subscribe_mode(2) turns others away"
            raise LookupError(msg)
        if known is None:
            number = self._core.state.ids.number("parent")
            return self.add_parent(f"parent{number}", children=[child] if child else (), mobile=mobile)
        self._subscribe(known)
        return parent_record(known)

    @scene
    def unsubscribe(self, parent_userid: str) -> None:
        """Let a parent stop following the school's notices."""
        self._parent(parent_userid).subscribed = False

    @scene
    def notices(self, userid: str | None = None) -> tuple[FakeNotice, ...]:
        """Return the notices of the school, oldest first; with `userid` those that a parent or student got."""
        sent = self._core.state.school.notices
        return tuple(notice_record(one) for one in sent if userid is None or userid in (*one.parents, *one.students))

    def _parent(self, parent_userid: str) -> Parent:
        found = self._core.state.school.parents.get(parent_userid)
        if found is None:
            msg = f"{parent_userid}: no such parent; add_parent({parent_userid!r}) first"
            raise LookupError(msg)
        return found

    def _subscribe(self, parent: Parent) -> None:
        """Let a parent follow the notices: from the first time on they are an external contact."""
        parent.subscribed = True
        if not parent.external_userid:
            state = self._core.state
            person = Person(
                external_userid=state.ids.letters("wm", "external_userid", 32), name=f"{parent.parent_userid}的微信"
            )
            state.people[person.external_userid] = person
            parent.external_userid = person.external_userid
