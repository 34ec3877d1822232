"""Changes of members, departments and contact tags (通讯录) as values. Holds facts only: calls no API.

They come to the contact-sync helper, to provider-built apps, to apps that an upstream corp shares, and to suites.
The helper gets only userid, department and new userid at addresses that were set after 2022-08-15,
and no event about what its own calls did.
Names, phone numbers, mail addresses and what else says who somebody is are not in a repr.
"""

from __future__ import annotations

from typing import ClassVar, Final

from attrs import field, frozen

from wecom_auto._model import OpenIntEnum
from wecom_auto.callbacks._discreet import Part, masked
from wecom_auto.callbacks._event import KnownEvent
from wecom_auto.callbacks._wire import COMMAS, flag, number_of, wire

__all__ = [
    "ContactAttribute",
    "ContactAttributeType",
    "ContactEvent",
    "ContactTagChanged",
    "ContactText",
    "ContactWeb",
    "DepartmentCreated",
    "DepartmentDeleted",
    "DepartmentEvent",
    "DepartmentUpdated",
    "MemberCreated",
    "MemberDeleted",
    "MemberEvent",
    "MemberGender",
    "MemberProfileEvent",
    "MemberStatus",
    "MemberUpdated",
]


class MemberGender(OpenIntEnum):
    """Gender of a member."""

    UNKNOWN = 0
    MALE = 1
    FEMALE = 2


class MemberStatus(OpenIntEnum):
    """Whether a member uses the account."""

    ACTIVE = 1
    DISABLED = 2
    NOT_ACTIVATED = 4
    LEFT = 5


class ContactAttributeType(OpenIntEnum):
    """What a field of the corp holds."""

    TEXT = 0
    WEB = 1


@frozen(kw_only=True, repr=False)
class ContactText(Part):
    """A text that the corp added to its members.

    Args:
        value: The text.
    """

    value: str = field(default="", metadata=wire("Value"), repr=masked)


@frozen(kw_only=True, repr=False)
class ContactWeb(Part):
    """A link that the corp added to its members.

    Args:
        title: What it is called.
        url: Where it leads.
    """

    title: str = field(default="", metadata=wire("Title"), repr=masked)
    url: str = field(default="", metadata=wire("Url"), repr=masked)


@frozen(kw_only=True, repr=False)
class ContactAttribute(Part):
    """A field that the corp added to its members.

    Args:
        name: What the field is called.
        type: What it holds.
        text: With `ContactAttributeType.TEXT`.
        web: With `ContactAttributeType.WEB`.
        value: The text, in older suites.
    """

    name: str = field(default="", metadata=wire("Name"))
    type: ContactAttributeType | None = field(default=None, metadata=wire("Type", number_of(ContactAttributeType)))
    text: ContactText | None = field(default=None, metadata=wire("Text", of=ContactText))
    web: ContactWeb | None = field(default=None, metadata=wire("Web", of=ContactWeb))
    value: str = field(default="", metadata=wire("Value"), repr=masked)


@frozen(kw_only=True, repr=False)
class ContactEvent(KnownEvent):
    """Something in the address book (``change_contact``)."""

    FAMILY: ClassVar[str] = "change_contact"


@frozen(kw_only=True, repr=False)
class MemberEvent(ContactEvent):
    """Something about a member.

    Args:
        userid: The member.
    """

    userid: str = field(metadata=wire("UserID"))


@frozen(kw_only=True, repr=False)
class MemberProfileEvent(MemberEvent):
    """Something about a member, with their data as far as the receiver may see it.

    Args:
        member_name: Their name.
        department: Ids of their departments.
        main_department: The main one of them.
        is_leader_in_dept: Whether they lead each of the departments, in the same order.
        direct_leader: Userids of those they report to.
        position: Their position.
        mobile: Their phone number.
        gender: Their gender.
        email: Their mail address.
        biz_mail: Their mail address of the corp.
        status: Whether they use the account.
        avatar: Address of their picture; with ``/100`` for the final ``/0`` a small one.
        alias: Their other name.
        telephone: Their number at the office.
        address: Their address.
        extra_attributes: Fields that the corp added.
        english_name: As `alias`, in older suites.
        is_leader: Whether they lead anything, in older suites.
    """

    member_name: str = field(default="", metadata=wire("Name"), repr=masked)
    department: tuple[int, ...] = field(default=(), metadata=wire("Department", int, item=COMMAS))
    main_department: int | None = field(default=None, metadata=wire("MainDepartment", int))
    is_leader_in_dept: tuple[bool, ...] = field(default=(), metadata=wire("IsLeaderInDept", flag, item=COMMAS))
    direct_leader: tuple[str, ...] = field(default=(), metadata=wire("DirectLeader", item=COMMAS))
    position: str = field(default="", metadata=wire("Position"), repr=masked)
    mobile: str = field(default="", metadata=wire("Mobile"), repr=masked)
    gender: MemberGender | None = field(default=None, metadata=wire("Gender", number_of(MemberGender)), repr=masked)
    email: str = field(default="", metadata=wire("Email"), repr=masked)
    biz_mail: str = field(default="", metadata=wire("BizMail"), repr=masked)
    status: MemberStatus | None = field(default=None, metadata=wire("Status", number_of(MemberStatus)))
    avatar: str = field(default="", metadata=wire("Avatar"), repr=masked)
    alias: str = field(default="", metadata=wire("Alias"), repr=masked)
    telephone: str = field(default="", metadata=wire("Telephone"), repr=masked)
    address: str = field(default="", metadata=wire("Address"), repr=masked)
    extra_attributes: tuple[ContactAttribute, ...] = field(
        default=(), metadata=wire("ExtAttr", item="Item", of=ContactAttribute)
    )
    english_name: str = field(default="", metadata=wire("EnglishName"), repr=masked)
    is_leader: bool | None = field(default=None, metadata=wire("IsLeader", flag))


@frozen(kw_only=True, repr=False)
class MemberCreated(MemberProfileEvent):
    """A member was added (新增成员).

    Manual: `成员变更通知 <https://developer.work.weixin.qq.com/document/path/90970>`__.
    """

    CHANGE_TYPE: ClassVar[str] = "create_user"


@frozen(kw_only=True, repr=False)
class MemberUpdated(MemberProfileEvent):
    """A member was changed (更新成员): fields that stayed the same are empty.

    To the contact-sync helper at newer addresses it comes only if departments, leaders or the userid changed.

    Manual: `成员变更通知 <https://developer.work.weixin.qq.com/document/path/90970>`__.

    Args:
        new_userid: Their userid from now on, if it changed; one made by the system can change once.
    """

    CHANGE_TYPE: ClassVar[str] = "update_user"
    READ_AGAIN: ClassVar[bool] = True

    new_userid: str = field(default="", metadata=wire("NewUserID"))


@frozen(kw_only=True, repr=False)
class MemberDeleted(MemberEvent):
    """A member was deleted (删除成员).

    Manual: `成员变更通知 <https://developer.work.weixin.qq.com/document/path/90970>`__.
    """

    CHANGE_TYPE: ClassVar[str] = "delete_user"


@frozen(kw_only=True, repr=False)
class DepartmentEvent(ContactEvent):
    """Something about a department.

    Args:
        id: The department.
    """

    id: int = field(metadata=wire("Id", int))


@frozen(kw_only=True, repr=False)
class DepartmentCreated(DepartmentEvent):
    """A department was added (新增部门).

    Manual: `部门变更通知 <https://developer.work.weixin.qq.com/document/path/90971>`__.

    Args:
        parent_id: The department above.
        department_name: Its name; empty for apps that may not see it.
        order: Its place among its siblings; larger comes first.
    """

    CHANGE_TYPE: ClassVar[str] = "create_party"

    parent_id: int | None = field(default=None, metadata=wire("ParentId", int))
    department_name: str = field(default="", metadata=wire("Name"))
    order: int | None = field(default=None, metadata=wire("Order", int))


@frozen(kw_only=True, repr=False)
class DepartmentUpdated(DepartmentEvent):
    """A department was changed (更新部门): fields that stayed the same are empty.

    Manual: `部门变更通知 <https://developer.work.weixin.qq.com/document/path/90971>`__.

    Args:
        department_name: Its new name.
        parent_id: Its new department above.
    """

    CHANGE_TYPE: ClassVar[str] = "update_party"
    READ_AGAIN: ClassVar[bool] = True

    department_name: str = field(default="", metadata=wire("Name"))
    parent_id: int | None = field(default=None, metadata=wire("ParentId", int))


@frozen(kw_only=True, repr=False)
class DepartmentDeleted(DepartmentEvent):
    """A department was deleted (删除部门).

    Manual: `部门变更通知 <https://developer.work.weixin.qq.com/document/path/90971>`__.
    """

    CHANGE_TYPE: ClassVar[str] = "delete_party"


@frozen(kw_only=True, repr=False)
class ContactTagChanged(ContactEvent):
    """Members or departments got or lost a contact tag (标签成员变更).

    Manual: `标签变更通知 <https://developer.work.weixin.qq.com/document/path/90972>`__.

    Args:
        tag_id: The tag of the address book; no tag of customers.
        added_userids: Members who got it.
        removed_userids: Members who lost it.
        added_departments: Departments that got it.
        removed_departments: Departments that lost it.
    """

    CHANGE_TYPE: ClassVar[str] = "update_tag"
    READ_AGAIN: ClassVar[bool] = True

    tag_id: int = field(metadata=wire("TagId", int))
    added_userids: tuple[str, ...] = field(default=(), metadata=wire("AddUserItems", item=COMMAS))
    removed_userids: tuple[str, ...] = field(default=(), metadata=wire("DelUserItems", item=COMMAS))
    added_departments: tuple[int, ...] = field(default=(), metadata=wire("AddPartyItems", int, item=COMMAS))
    removed_departments: tuple[int, ...] = field(default=(), metadata=wire("DelPartyItems", int, item=COMMAS))


EVENTS: Final = (
    MemberCreated,
    MemberUpdated,
    MemberDeleted,
    DepartmentCreated,
    DepartmentUpdated,
    DepartmentDeleted,
    ContactTagChanged,
)
"""The classes of this chapter that name an event."""
