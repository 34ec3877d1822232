"""The rules a SOP carries beside its steps: whom it is for, how it shares customers, what becomes of it in trouble.

Values only: the planner and the runner apply them.
Entry, window and arms have modules of their own and are found here too.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Final, TypeVar

from attrs import field, frozen

from wecom_auto._types import JSON
from wecom_auto.sop._document._arms import HOLDOUT, Arms, stable_number
from wecom_auto.sop._document._entering import Entry, Reentry
from wecom_auto.sop._document._problems import (
    DefinitionError,
    inside,
    read_bool,
    read_int,
    read_table,
    read_text,
    read_word,
)
from wecom_auto.sop._document._timing import format_duration, parse_duration
from wecom_auto.sop._document._window import Holidays, Shift, Window

__all__ = [
    "HOLDOUT",
    "Absence",
    "Arms",
    "Concurrency",
    "Conflict",
    "Edit",
    "Entry",
    "Fatigue",
    "Holidays",
    "Owner",
    "Policy",
    "Purpose",
    "Reentry",
    "Shift",
    "Target",
    "Transfer",
    "Unconfirmed",
    "Window",
    "stable_number",
]

_W = TypeVar("_W", bound=StrEnum)


class Target(StrEnum):
    """Whom a SOP is about; the subject of each of its runs."""

    CUSTOMER = "customer"
    """One customer and one member."""
    GROUP = "group"
    """A customer group (客户群); its owner confirms."""
    MOMENT = "moment"
    """Posts in the moments (客户朋友圈) of members, for customers by tag."""
    STAFF = "staff"
    """A member of staff: tasks and notices only."""


class Owner(StrEnum):
    """Which follower sends, when several members follow the customer."""

    ADDER = "adder"
    LAST_CONTACT = "last_contact"
    TAG_OWNER = "tag_owner"
    FIXED = "fixed"


class Concurrency(StrEnum):
    """How many runs one customer may have at a time."""

    FREE = "free"
    """As many as let the customer in."""
    ONE_PER_CUSTOMER = "one_per_customer"
    """No other run of any SOP."""
    ONE_PER_CATEGORY = "one_per_category"
    """No other run of a SOP of the same category."""


class Conflict(StrEnum):
    """What becomes of a touch that loses the customer's day to another SOP."""

    DEFER = "defer"
    """The next free slot, as long as it is not late."""
    DROP = "drop"
    MERGE = "merge"
    """One message with the attachments of both, for contents that allow it."""


class Purpose(StrEnum):
    """Why the SOP speaks to people; services and legal notices win over marketing."""

    MARKETING = "marketing"
    SERVICE = "service"
    LEGAL = "legal"


class Edit(StrEnum):
    """What a new version does to the runs of the old one."""

    FINISH = "finish"
    """They finish as they began."""
    MIGRATE = "migrate"
    """They go on in the new version; a step that was touched is never repeated."""
    RESTART = "restart"
    """They migrate, begin again to count, and decide anew what asked nobody for anything."""


class Transfer(StrEnum):
    """What becomes of a run when its customer is handed to another member."""

    REBIND = "rebind"
    """It goes on with the new member."""
    PAUSE = "pause"
    END = "end"


class Absence(StrEnum):
    """Who stands in for a member who is away."""

    BACKUP = "backup"
    SUPERVISOR = "supervisor"
    HOLD = "hold"
    """Nobody: it waits for the member."""


class Unconfirmed(StrEnum):
    """What becomes of a mass message that its member does not confirm in time."""

    EXPIRE = "expire"
    STAFF_TASK = "staff_task"
    """Work for a person instead."""
    REASSIGN = "reassign"
    """Another follower is asked."""


_MOST: Final = 1000


@frozen(kw_only=True)
class Fatigue:
    """How many touches of all SOPs a customer may get; `None` for no limit of our own.

    Attributes:
        day: In one local day.
        week: In seven days.
        month: In one calendar month.
    """

    day: int | None = None
    week: int | None = None
    month: int | None = None

    @classmethod
    def parse(cls, value: object) -> Fatigue:
        """Read `{ day = 1, week = 3, month = 8 }`, any part of it.

        Raises:
            DefinitionError: Another key, or no whole number from 1 to 1,000.
        """
        table = read_table(value, ("day", "week", "month"))
        return cls(**{key: read_int(count, key, least=1, most=_MOST) for key, count in table.items()})

    def document(self) -> dict[str, JSON]:
        """The canonical table; empty without limits."""
        limits = {"day": self.day, "week": self.week, "month": self.month}
        return {key: count for key, count in limits.items() if count is not None}


def _to_fatigue(value: Fatigue | Mapping[str, object]) -> Fatigue:
    return value if isinstance(value, Fatigue) else inside("fatigue", Fatigue.parse, value)


def _to_gap(value: timedelta | str | None) -> timedelta | None:
    return value if value is None or isinstance(value, timedelta) else inside("gap", parse_duration, value)


def _to_concurrency(value: Concurrency | str) -> Concurrency:
    return Concurrency(read_word(value, Concurrency, "concurrency"))


def _to_conflict(value: Conflict | str) -> Conflict:
    return Conflict(read_word(value, Conflict, "on_conflict"))


def _to_purpose(value: Purpose | str) -> Purpose:
    return Purpose(read_word(value, Purpose, "purpose"))


def _to_edit(value: Edit | str) -> Edit:
    return Edit(read_word(value, Edit, "on_edit"))


def _to_transfer(value: Transfer | str) -> Transfer:
    return Transfer(read_word(value, Transfer, "on_transfer"))


def _to_absence(value: Absence | str) -> Absence:
    return Absence(read_word(value, Absence, "on_absence"))


def _to_unconfirmed(value: Unconfirmed | str) -> Unconfirmed:
    return Unconfirmed(read_word(value, Unconfirmed, "on_unconfirmed"))


@frozen(kw_only=True)
class Policy:
    """The `[policy]` table.

    Attributes:
        concurrency: How many runs one customer may have at a time.
        on_conflict: What becomes of a touch that loses the customer's day.
        fatigue: Our own limit of touches per customer.
        gap: The least time between two marketing touches of a customer; `None` for the runner's setting.
        purpose: Why the SOP speaks to people.
        consent: The touch is blocked unless the attribute `consent.NAME` is true; empty asks for none.
        on_edit: What a new version does to running runs.
        on_transfer: What becomes of a run whose customer changes hands.
        on_absence: Who stands in for an absent member.
        on_unconfirmed: What becomes of a message that nobody confirms.
        allow_split: Whether one step may cost a member many taps, because its text differs between customers.
    """

    concurrency: Concurrency = field(default=Concurrency.FREE, converter=_to_concurrency)
    on_conflict: Conflict = field(default=Conflict.DEFER, converter=_to_conflict)
    fatigue: Fatigue = field(factory=Fatigue, converter=_to_fatigue)
    gap: timedelta | None = field(default=None, converter=_to_gap)
    purpose: Purpose = field(default=Purpose.MARKETING, converter=_to_purpose)
    consent: str = ""
    on_edit: Edit = field(default=Edit.FINISH, converter=_to_edit)
    on_transfer: Transfer = field(default=Transfer.REBIND, converter=_to_transfer)
    on_absence: Absence = field(default=Absence.BACKUP, converter=_to_absence)
    on_unconfirmed: Unconfirmed = field(default=Unconfirmed.EXPIRE, converter=_to_unconfirmed)
    allow_split: bool = False

    @classmethod
    def parse(cls, value: object) -> Policy:
        """Read the `[policy]` table.

        Raises:
            DefinitionError: Unknown key or word, with a suggestion.
        """
        table = read_table(value, _POLICY_KEYS)
        return cls(
            concurrency=_word(table, "concurrency", Concurrency),
            on_conflict=_word(table, "on_conflict", Conflict),
            fatigue=inside("fatigue", Fatigue.parse, table.get("fatigue", {})),
            gap=inside("gap", parse_duration, table["gap"]) if "gap" in table else None,
            purpose=_word(table, "purpose", Purpose),
            consent=read_text(table["consent"], "consent", chars=100) if "consent" in table else "",
            on_edit=_word(table, "on_edit", Edit),
            on_transfer=_word(table, "on_transfer", Transfer),
            on_absence=_word(table, "on_absence", Absence),
            on_unconfirmed=_word(table, "on_unconfirmed", Unconfirmed),
            allow_split=read_bool(table.get("allow_split", False), "allow_split"),
        )

    @property
    def consent_attribute(self) -> str:
        """The attribute that must be true before anything is sent; empty if none has to be."""
        return f"consent.{self.consent}" if self.consent else ""

    def document(self) -> dict[str, JSON]:
        """The canonical table: only what differs from the default, so that older documents keep their digest."""
        found: dict[str, JSON] = {key: getattr(self, key).value for key in _WORDS if getattr(self, key) != _first(key)}
        optional: dict[str, JSON] = {
            "fatigue": self.fatigue.document() or None,
            "gap": None if self.gap is None else format_duration(self.gap),
            "consent": self.consent or None,
            "allow_split": self.allow_split or None,
        }
        return found | {key: value for key, value in optional.items() if value is not None}


_WORDS: Final[Mapping[str, type[StrEnum]]] = {
    "concurrency": Concurrency,
    "on_conflict": Conflict,
    "purpose": Purpose,
    "on_edit": Edit,
    "on_transfer": Transfer,
    "on_absence": Absence,
    "on_unconfirmed": Unconfirmed,
}
"""The keys whose value is a word; the first word of each is its default."""
_POLICY_KEYS: Final = (*_WORDS, "fatigue", "gap", "consent", "allow_split")


def _first(key: str) -> StrEnum:
    return next(iter(_WORDS[key]))


def _word(table: Mapping[str, object], key: str, words: type[_W]) -> _W:
    return words(read_word(table[key], words, key)) if key in table else next(iter(words))


def check_category(policy: Policy, category: str) -> None:
    """Refuse a rule about categories in a SOP that has none.

    Raises:
        DefinitionError: `one_per_category` without `category`.
    """
    if policy.concurrency is Concurrency.ONE_PER_CATEGORY and not category:
        problem = "concurrency is 'one_per_category', but the SOP has no category"
        raise DefinitionError(problem, place="policy.concurrency", remedy='add category = "…" at the top')
