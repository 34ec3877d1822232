"""Rules of the manual that span several fields. Data like every `Check`: listed in docs, switched off together."""

from __future__ import annotations

from typing import Final

from attrs import frozen

from wecom_auto._checks import AnyOf, Check, Limit, OneOf
from wecom_auto._types import JSON, JSONObject
from wecom_auto.errors import ValidationError

__all__ = [
    "CUSTOMER_MESSAGE",
    "Alphanumeric",
    "FileSize",
    "Given",
    "MaxDays",
    "MaxJoined",
    "MaxSpan",
    "Needs",
    "When",
    "Without",
    "page_of",
]


@frozen
class When:
    """A check that counts only if a field has a certain value.

    Attributes:
        field: The wire field.
        value: Its value.
        then: What must hold then.
    """

    field: str
    value: JSON
    then: Check

    def __call__(self, fields: JSONObject) -> None:
        """Raise `ValidationError` if the field has the value and the check fails."""
        if fields.get(self.field) == self.value:
            self.then(fields)


@frozen
class Without:
    """A field that must not be given; used inside `When`.

    Attributes:
        field: The wire field.
        limit: Where it belongs, for the message.
    """

    field: str
    limit: str

    def __call__(self, fields: JSONObject) -> None:
        """Raise `ValidationError` if the field is given and not empty."""
        if fields.get(self.field):
            raise ValidationError(self.field, value="given", limit=self.limit)


@frozen
class Needs:
    """A field that must be given, except in one case.

    Attributes:
        field: The wire field.
        unless: The field and value of the exception.
        fix: What to do about it.
    """

    field: str
    unless: tuple[str, JSON]
    fix: str

    def __call__(self, fields: JSONObject) -> None:
        """Raise `ValidationError` if the field is missing."""
        if self.field not in fields and fields.get(self.unless[0]) != self.unless[1]:
            raise ValidationError(self.field, value="nothing", limit="needed for this kind of message", fix=self.fix)


@frozen(init=False)
class Given:
    """Fields of which at least one must be given, be it empty: an empty text clears.

    Attributes:
        fields: The wire fields.
    """

    fields: tuple[str, ...]

    def __init__(self, *fields: str) -> None:
        object.__setattr__(self, "fields", fields)  # as `AnyOf` does, to read as well as that

    def __call__(self, fields: JSONObject) -> None:
        """Raise `ValidationError` if none of the fields is there."""
        if not any(name in fields for name in self.fields):
            raise ValidationError(" / ".join(self.fields), value="nothing", limit="at least one of them")


@frozen
class MaxJoined:
    """A bound on texts that travel as one, joined by ``|``.

    Attributes:
        field: The wire field.
        items: The most texts.
    """

    field: str
    items: int

    def __call__(self, fields: JSONObject) -> None:
        """Raise `ValidationError` if there are too many."""
        joined = fields.get(self.field)
        count = joined.count("|") + 1 if isinstance(joined, str) else 0
        if count > self.items:
            limit = f"at most {self.items:,} items"
            raise ValidationError(self.field, value=f"{count:,} items", limit=limit, fix="send several messages")


@frozen
class MaxSpan:
    """Two times that must follow each other within a number of days.

    Attributes:
        start: The wire field of the first time.
        end: The wire field of the second time.
        days: The most days between them.
    """

    start: str
    end: str
    days: int

    def __call__(self, fields: JSONObject) -> None:
        """Raise `ValidationError` if the times are too far apart or in the wrong order."""
        first, last = fields.get(self.start), fields.get(self.end)
        if not isinstance(first, int) or not isinstance(last, int):
            return
        if last < first:
            raise ValidationError(self.end, value=f"before {self.start}", limit=f"{self.start} or later")
        if last - first > self.days * 86_400:
            found = f"{(last - first) / 86_400:.1f} days after {self.start}"
            raise ValidationError(self.end, value=found, limit=f"at most {self.days} days", fix="ask month by month")


@frozen
class MaxDays:
    """A first and a last day, both counted.

    Attributes:
        start: The wire field of the first day, in unix seconds.
        end: The wire field of the last day; a missing one is the first day.
        days: The most days.
    """

    start: str
    end: str
    days: int

    def __call__(self, fields: JSONObject) -> None:
        """Raise `ValidationError` if there are too many days, or none."""
        first, last = fields.get(self.start), fields.get(self.end)
        if not isinstance(first, int) or not isinstance(last, int):
            return
        if last < first:
            raise ValidationError(self.end, value=f"before {self.start}", limit=f"{self.start} or later")
        days = round((last - first) / 86_400) + 1
        if days > self.days:
            limit, fix = f"at most {self.days} days, first and last included", "iterate: that asks several times"
            raise ValidationError(self.end, value=f"{days:,} days", limit=limit, fix=fix)


@frozen
class Alphanumeric:
    """A text of Latin letters and digits.

    Attributes:
        field: The wire field.
    """

    field: str

    def __call__(self, fields: JSONObject) -> None:
        """Raise `ValidationError` if something else is in it."""
        value = fields.get(self.field)
        if isinstance(value, str) and value and not (value.isascii() and value.isalnum()):
            raise ValidationError(self.field, value="other characters", limit="letters a-z, A-Z and digits")


@frozen
class FileSize:
    """The size of an upload, which is no field of the request.

    Attributes:
        size: Bytes of the file.
        most: The most bytes that the platform takes.
        least: The fewest.
    """

    size: int
    most: int
    least: int = 6

    def __call__(self, fields: JSONObject) -> None:  # noqa: ARG002  # every check takes the fields
        """Raise `ValidationError` if the file is too small or too large."""
        if not self.least <= self.size <= self.most:
            field, limit = "media", f"{self.least} bytes to {self.most:,} bytes"
            raise ValidationError(field, value=f"{self.size:,} bytes", limit=limit)


def page_of(most: int) -> Limit:
    """Return the check of a page size."""
    return Limit("limit", least=1, most=most)


CUSTOMER_MESSAGE: Final[tuple[Check, ...]] = (
    AnyOf("text", "attachments"),
    Limit("text.content", bytes=4000),
    Limit("attachments", items=9),
    OneOf("attachments[].msgtype", ("image", "link", "miniprogram", "video", "file")),
    Limit("attachments[].link.title", bytes=128),
    Limit("attachments[].link.desc", bytes=512),
    Limit("attachments[].link.url", bytes=2048),
    Limit("attachments[].link.picurl", bytes=2048),
    Limit("attachments[].miniprogram.title", bytes=64),
)
"""What the manual says of texts and attachments for customers (92135, 92137)."""
