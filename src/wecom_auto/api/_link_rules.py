"""Rules of the manual for acquisition links. Data like every `Check`: listed in docs, switched off together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from attrs import frozen

from wecom_auto._checks import AnyOf, Check, Limit, OneOf
from wecom_auto._types import JSONObject
from wecom_auto.errors import ValidationError
from wecom_auto.models import PriorityType

__all__ = ["LINK_RANGE", "LINK_SETTINGS", "SOMEBODY", "IfGiven", "ListedOnes"]


@frozen
class IfGiven:
    """A check that counts only if a field is given.

    Attributes:
        field: The wire field.
        then: What must hold then.
    """

    field: str
    then: Check

    def __call__(self, fields: JSONObject) -> None:
        """Raise `ValidationError` if the field is given and the check fails."""
        if self.field in fields:
            self.then(fields)


@frozen
class ListedOnes:
    """Priority among listed members must list them."""

    def __call__(self, fields: JSONObject) -> None:
        """Raise `ValidationError` if nobody is listed."""
        option = fields.get("priority_option")
        if not isinstance(option, Mapping) or option.get("priority_type") != PriorityType.MEMBERS.value:
            return
        if not option.get("priority_userid_list"):
            field, limit = "priority_option.priority_userid_list", "1 to 1,000 items"
            raise ValidationError(field, value="nothing", limit=limit, fix="use AcquisitionPriority.among(userids)")


LINK_SETTINGS: Final[tuple[Check, ...]] = (
    Limit("link_name", chars=30, least=1),
    Limit("range.user_list", items=500),
    IfGiven("priority_option", AnyOf("priority_option.priority_type")),
    OneOf("priority_option.priority_type", (1, 2)),
    Limit("priority_option.priority_userid_list", items=1000),
    ListedOnes(),
)
"""What the manual says of the settings of a link (97297)."""

SOMEBODY: Final = AnyOf("range.user_list", "range.department_list")
"""A link reaches somebody."""

LINK_RANGE: Final[tuple[Check, ...]] = (IfGiven("range", SOMEBODY),)
"""A new range replaces the old one as a whole."""
