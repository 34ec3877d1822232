"""Changes of documents, forms and smart sheets (文档, 收集表, 智能表格) as values. Holds facts only: calls no API.

Only those made through the API have events; ``from_user`` is who did it.
Manual: `文档回调通知 <https://developer.work.weixin.qq.com/document/path/97833>`_ and its neighbours.
"""

from __future__ import annotations

from typing import ClassVar, Final

from attrs import field, frozen

from wecom_auto.callbacks._event import KnownEvent
from wecom_auto.callbacks._wire import SIBLINGS, wire

__all__ = [
    "DocDeleted",
    "DocEvent",
    "DocMembersChanged",
    "DocumentEvent",
    "FormDeleted",
    "FormEvent",
    "FormFilled",
    "FormSettingsChanged",
    "SheetEvent",
    "SheetFieldsAdded",
    "SheetFieldsDeleted",
    "SheetFieldsUpdated",
    "SheetRecordsAdded",
    "SheetRecordsDeleted",
    "SheetRecordsUpdated",
]


@frozen(kw_only=True, repr=False)
class DocumentEvent(KnownEvent):
    """Something about documents or forms (``doc_change``)."""

    FAMILY: ClassVar[str] = "doc_change"


@frozen(kw_only=True, repr=False)
class DocEvent(DocumentEvent):
    """Something about documents.

    Args:
        doc_ids: The documents.
    """

    doc_ids: tuple[str, ...] = field(default=(), metadata=wire("DocId", item=SIBLINGS))


@frozen(kw_only=True, repr=False)
class FormEvent(DocumentEvent):
    """Something about forms.

    Args:
        form_ids: The forms.
    """

    form_ids: tuple[str, ...] = field(default=(), metadata=wire("FormId", item=SIBLINGS))


@frozen(kw_only=True, repr=False)
class DocMembersChanged(DocEvent):
    """A member added others to documents (文档成员变更).

    Sent to every kind of app. Manual: `文档成员变更 <https://developer.work.weixin.qq.com/document/path/97833>`__.

    Unverified: name and fields; no sample is published where we could read it.
    """

    CHANGE_TYPE: ClassVar[str] = "doc_member_change"
    READ_AGAIN: ClassVar[bool] = True


@frozen(kw_only=True, repr=False)
class DocDeleted(DocEvent):
    """Documents were deleted (删除文档).

    Sent to every kind of app. Manual: `删除文档 <https://developer.work.weixin.qq.com/document/path/97834>`__.

    Unverified: name and fields; no sample is published where we could read it.
    """

    CHANGE_TYPE: ClassVar[str] = "delete_doc"


@frozen(kw_only=True, repr=False)
class FormFilled(FormEvent):
    """Somebody filled in a form: read the answers (收集表完成).

    Sent to every kind of app. Manual: `收集表完成 <https://developer.work.weixin.qq.com/document/path/97835>`__.

    Unverified: name and fields; no sample is published where we could read it.
    """

    CHANGE_TYPE: ClassVar[str] = "form_complete"
    READ_AGAIN: ClassVar[bool] = True


@frozen(kw_only=True, repr=False)
class FormDeleted(FormEvent):
    """Forms were deleted (删除收集表).

    Sent to every kind of app. Manual: `删除收集表 <https://developer.work.weixin.qq.com/document/path/98095>`__.

    Unverified: name and fields; no sample is published where we could read it.
    """

    CHANGE_TYPE: ClassVar[str] = "delete_form"


@frozen(kw_only=True, repr=False)
class FormSettingsChanged(FormEvent):
    """The settings of forms were changed: read them again (收集表设置变更).

    Sent to every kind of app. Manual: `收集表设置变更 <https://developer.work.weixin.qq.com/document/path/98096>`__.

    Unverified: name and fields; no sample is published where we could read it.
    """

    CHANGE_TYPE: ClassVar[str] = "form_settings_change"
    READ_AGAIN: ClassVar[bool] = True


@frozen(kw_only=True, repr=False)
class SheetEvent(KnownEvent):
    """Something in a smart sheet (``smart_sheet_change``); who is outside the corp has a temporary id in ``from_user``.

    Args:
        doc_id: The document.
        sheet_id: The sheet.
    """

    FAMILY: ClassVar[str] = "smart_sheet_change"

    doc_id: str = field(metadata=wire("DocId"))
    sheet_id: str = field(metadata=wire("SheetId"))


@frozen(kw_only=True, repr=False)
class SheetFieldsAdded(SheetEvent):
    """Fields were added (新增字段).

    Sent to self-built and provider-built apps. Manual: `新增字段
    <https://developer.work.weixin.qq.com/document/path/100987>`__.

    Unverified: name and fields; no sample is published where we could read it.

    Args:
        field_ids: The fields, up to 1,000; more come in further events.
    """

    CHANGE_TYPE: ClassVar[str] = "add_filed"

    field_ids: tuple[str, ...] = field(default=(), metadata=wire("FieldId", item=SIBLINGS))


@frozen(kw_only=True, repr=False)
class SheetFieldsUpdated(SheetEvent):
    """Fields were changed: read them again (修改字段).

    Sent to self-built and provider-built apps. Manual: `修改字段
    <https://developer.work.weixin.qq.com/document/path/100987>`__.

    Unverified: name and fields; no sample is published where we could read it.

    Args:
        field_ids: The fields, up to 1,000; more come in further events.
    """

    CHANGE_TYPE: ClassVar[str] = "update_filed"
    READ_AGAIN: ClassVar[bool] = True

    field_ids: tuple[str, ...] = field(default=(), metadata=wire("FieldId", item=SIBLINGS))


@frozen(kw_only=True, repr=False)
class SheetFieldsDeleted(SheetEvent):
    """Fields were deleted (删除字段).

    Sent to self-built and provider-built apps. Manual: `删除字段
    <https://developer.work.weixin.qq.com/document/path/100987>`__.

    Unverified: name and fields; no sample is published where we could read it.

    Args:
        field_ids: The fields, up to 1,000; more come in further events.
    """

    CHANGE_TYPE: ClassVar[str] = "delete_filed"

    field_ids: tuple[str, ...] = field(default=(), metadata=wire("FieldId", item=SIBLINGS))


@frozen(kw_only=True, repr=False)
class SheetRecordsAdded(SheetEvent):
    """Records were added (新增记录).

    Sent to self-built and provider-built apps. Manual: `新增记录
    <https://developer.work.weixin.qq.com/document/path/100986>`__.

    Unverified: name and fields; no sample is published where we could read it.

    Args:
        record_ids: The records, up to 1,000; more come in further events.
    """

    CHANGE_TYPE: ClassVar[str] = "add_record"

    record_ids: tuple[str, ...] = field(default=(), metadata=wire("RecordId", item=SIBLINGS))


@frozen(kw_only=True, repr=False)
class SheetRecordsUpdated(SheetEvent):
    """Records were changed: read them again (修改记录).

    Sent to self-built and provider-built apps. Manual: `修改记录
    <https://developer.work.weixin.qq.com/document/path/100986>`__.

    Unverified: name and fields; no sample is published where we could read it.

    Args:
        record_ids: The records, up to 1,000; more come in further events.
    """

    CHANGE_TYPE: ClassVar[str] = "update_record"
    READ_AGAIN: ClassVar[bool] = True

    record_ids: tuple[str, ...] = field(default=(), metadata=wire("RecordId", item=SIBLINGS))


@frozen(kw_only=True, repr=False)
class SheetRecordsDeleted(SheetEvent):
    """Records were deleted (删除记录).

    Sent to self-built and provider-built apps. Manual: `删除记录
    <https://developer.work.weixin.qq.com/document/path/100986>`__.

    Unverified: name and fields; no sample is published where we could read it.

    Args:
        record_ids: The records, up to 1,000; more come in further events.
    """

    CHANGE_TYPE: ClassVar[str] = "delete_record"

    record_ids: tuple[str, ...] = field(default=(), metadata=wire("RecordId", item=SIBLINGS))


EVENTS: Final = (
    DocMembersChanged,
    DocDeleted,
    FormFilled,
    FormDeleted,
    FormSettingsChanged,
    SheetFieldsAdded,
    SheetFieldsUpdated,
    SheetFieldsDeleted,
    SheetRecordsAdded,
    SheetRecordsUpdated,
    SheetRecordsDeleted,
)
"""The classes of this chapter that name an event."""
