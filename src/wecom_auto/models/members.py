"""Members of the corp as the address book knows them (通讯录管理 › 成员管理, manual 90196)."""

from __future__ import annotations

from attrs import frozen

from wecom_auto._model import Form, Model, OpenIntEnum, wire
from wecom_auto.models.profiles import ExternalAttribute, ExternalProfile

__all__ = ["CorpMember", "CustomAttributes", "MemberStatus"]


class MemberStatus(OpenIntEnum):
    """Whether a member uses WeCom (激活状态)."""

    UNKNOWN = 0
    """The answer does not say."""
    ACTIVE = 1
    """已激活."""
    DISABLED = 2
    """已禁用."""
    NOT_ACTIVATED = 4
    """未激活."""
    LEFT = 5
    """退出企业."""


@frozen(kw_only=True)
class CustomAttributes(Model):
    """What the corp notes about a member besides (扩展属性).

    Attributes:
        attributes: Texts and web pages; their labels are made in the console.
    """

    attributes: tuple[ExternalAttribute, ...] = wire("attrs", ())


@frozen(kw_only=True)
class CorpMember(Model):
    """A member of the corp (成员).

    Apps made after 20 June 2022 get no gender, address, phone, e-mail, picture and QR code here.

    Attributes:
        userid: The id.
        open_userid: As a provider's app sees them.
        name: The name; for a provider's app the userid.
        english_name: The English name.
        alias: Another name (别名).
        email: The e-mail address.
        biz_mail: The address of the corp's mail.
        mobile: The mobile number.
        telephone: The landline.
        gender: ``"1"`` male, ``"2"`` female, ``"0"`` nothing said.
        address: Where they work.
        position: The job title inside (职务).
        departments: Ids of their departments, as far as the app sees them.
        orders: The place in each department, bigger first.
        leads: 1 for each department that they lead, 0 for the others.
        main_department: The one that counts.
        leaders: Userids of who stands above.
        avatar: The picture.
        thumb_avatar: The small picture.
        qr_code: The picture of the member's own QR code.
        status: Whether they use WeCom.
        custom: What the corp notes besides.
        external_position: The job title that customers see (对外职务); if empty they see `position`.
        external_profile: The card that customers see (对外信息).
        mobile_hidden: The number is hidden from colleagues.
    """

    userid: str
    open_userid: str = ""
    name: str = ""
    english_name: str = ""
    alias: str = ""
    email: str = wire("", "", show=False)
    biz_mail: str = wire("", "", show=False)
    mobile: str = wire("", "", show=False)
    telephone: str = wire("", "", show=False)
    gender: str = ""
    address: str = wire("", "", show=False)
    position: str = ""
    departments: tuple[int, ...] = wire("department", ())
    orders: tuple[int, ...] = wire("order", ())
    leads: tuple[int, ...] = wire("is_leader_in_dept", ())
    main_department: int = 0
    leaders: tuple[str, ...] = wire("direct_leader", ())
    avatar: str = ""
    thumb_avatar: str = ""
    qr_code: str = ""
    status: MemberStatus = MemberStatus.UNKNOWN
    custom: CustomAttributes | None = wire("extattr", None)
    external_position: str = ""
    external_profile: ExternalProfile | None = None
    mobile_hidden: bool = wire("hide_mobile", False, Form.FLAG)
