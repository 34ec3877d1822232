"""Changes of students, parents and classes (家校通讯录) as values. Holds facts only: reads no bytes and calls no API.

They come to apps that may call home-school communication, with the switch for external contacts on, and to suites.
Manual: `成员变更事件 <https://developer.work.weixin.qq.com/document/path/92032>`_,
`部门变更事件 <https://developer.work.weixin.qq.com/document/path/92052>`_.
"""

from __future__ import annotations

from typing import ClassVar, Final

from attrs import field, frozen

from wecom_auto.callbacks._event import KnownEvent
from wecom_auto.callbacks._wire import wire

__all__ = [
    "ParentCreated",
    "ParentDeleted",
    "ParentEvent",
    "ParentSubscribed",
    "ParentUnsubscribed",
    "ParentUpdated",
    "SchoolDepartmentCreated",
    "SchoolDepartmentDeleted",
    "SchoolDepartmentEvent",
    "SchoolDepartmentUpdated",
    "SchoolEvent",
    "StudentCreated",
    "StudentDeleted",
    "StudentEvent",
    "StudentUpdated",
]


@frozen(kw_only=True, repr=False)
class SchoolEvent(KnownEvent):
    """Something in the address book of a school (``change_school_contact``)."""

    FAMILY: ClassVar[str] = "change_school_contact"


@frozen(kw_only=True, repr=False)
class StudentEvent(SchoolEvent):
    """Something about a student.

    Args:
        id: The student's userid in the school's address book.
    """

    id: str = field(metadata=wire("Id"))


@frozen(kw_only=True, repr=False)
class ParentEvent(SchoolEvent):
    """Something about a parent.

    Args:
        id: The parent's userid in the school's address book.
    """

    id: str = field(metadata=wire("Id"))


@frozen(kw_only=True, repr=False)
class SchoolDepartmentEvent(SchoolEvent):
    """Something about a department or class.

    Args:
        id: The department.
    """

    id: int = field(metadata=wire("Id", int))


@frozen(kw_only=True, repr=False)
class StudentCreated(StudentEvent):
    """A student was added (新增学生).

    Sent to self-built and provider-built apps. Manual: `成员变更事件
    <https://developer.work.weixin.qq.com/document/path/92032>`__.
    """

    CHANGE_TYPE: ClassVar[str] = "create_student"


@frozen(kw_only=True, repr=False)
class StudentUpdated(StudentEvent):
    """A student, or one of their parents, was changed (更新学生): read them again.

    Sent to self-built and provider-built apps. Manual: `成员变更事件
    <https://developer.work.weixin.qq.com/document/path/92032>`__.

    Args:
        new_id: Their userid from now on, if it changed; sent to suites only. Unverified.
    """

    CHANGE_TYPE: ClassVar[str] = "update_student"
    READ_AGAIN: ClassVar[bool] = True

    new_id: str = field(default="", metadata=wire("NewId"))


@frozen(kw_only=True, repr=False)
class StudentDeleted(StudentEvent):
    """A student was deleted (删除学生).

    Sent to self-built and provider-built apps. Manual: `成员变更事件
    <https://developer.work.weixin.qq.com/document/path/92032>`__.
    """

    CHANGE_TYPE: ClassVar[str] = "delete_student"


@frozen(kw_only=True, repr=False)
class ParentCreated(ParentEvent):
    """A parent was added (新增家长).

    Sent to self-built and provider-built apps. Manual: `成员变更事件
    <https://developer.work.weixin.qq.com/document/path/92032>`__.
    """

    CHANGE_TYPE: ClassVar[str] = "create_parent"


@frozen(kw_only=True, repr=False)
class ParentUpdated(ParentEvent):
    """A parent was changed (更新家长): read them again.

    Sent to self-built and provider-built apps. Manual: `成员变更事件
    <https://developer.work.weixin.qq.com/document/path/92032>`__.

    Args:
        new_id: Their userid from now on, if it changed; sent to suites only. Unverified.
    """

    CHANGE_TYPE: ClassVar[str] = "update_parent"
    READ_AGAIN: ClassVar[bool] = True

    new_id: str = field(default="", metadata=wire("NewId"))


@frozen(kw_only=True, repr=False)
class ParentDeleted(ParentEvent):
    """A parent was deleted (删除家长).

    Sent to self-built and provider-built apps. Manual: `成员变更事件
    <https://developer.work.weixin.qq.com/document/path/92032>`__.
    """

    CHANGE_TYPE: ClassVar[str] = "delete_parent"


@frozen(kw_only=True, repr=False)
class ParentSubscribed(ParentEvent):
    """A parent follows the school (家长关注).

    Sent to self-built and provider-built apps. Manual: `成员变更事件
    <https://developer.work.weixin.qq.com/document/path/92032>`__.
    """

    CHANGE_TYPE: ClassVar[str] = "subscribe"


@frozen(kw_only=True, repr=False)
class ParentUnsubscribed(ParentEvent):
    """A parent follows the school no more (家长取消关注).

    Sent to self-built and provider-built apps. Manual: `成员变更事件
    <https://developer.work.weixin.qq.com/document/path/92032>`__.
    """

    CHANGE_TYPE: ClassVar[str] = "unsubscribe"


@frozen(kw_only=True, repr=False)
class SchoolDepartmentCreated(SchoolDepartmentEvent):
    """A department was added (新增部门).

    Sent to self-built and provider-built apps. Manual: `部门变更事件
    <https://developer.work.weixin.qq.com/document/path/92052>`__.
    """

    CHANGE_TYPE: ClassVar[str] = "create_department"


@frozen(kw_only=True, repr=False)
class SchoolDepartmentUpdated(SchoolDepartmentEvent):
    """A department was changed (更新部门): read it again.

    Sent to self-built and provider-built apps. Manual: `部门变更事件
    <https://developer.work.weixin.qq.com/document/path/92052>`__.
    """

    CHANGE_TYPE: ClassVar[str] = "update_department"
    READ_AGAIN: ClassVar[bool] = True


@frozen(kw_only=True, repr=False)
class SchoolDepartmentDeleted(SchoolDepartmentEvent):
    """A department was deleted (删除部门).

    Sent to self-built and provider-built apps. Manual: `部门变更事件
    <https://developer.work.weixin.qq.com/document/path/92052>`__.
    """

    CHANGE_TYPE: ClassVar[str] = "delete_department"


EVENTS: Final = (
    StudentCreated,
    StudentUpdated,
    StudentDeleted,
    ParentCreated,
    ParentUpdated,
    ParentDeleted,
    ParentSubscribed,
    ParentUnsubscribed,
    SchoolDepartmentCreated,
    SchoolDepartmentUpdated,
    SchoolDepartmentDeleted,
)
"""The classes of this chapter that name an event."""
