"""Approval of contents (内容审核): draft → submitted → approved → withdrawn, by role, with its history.

An approval is of a wording: whoever changes the text, the pictures, the validity or the audience has a draft again.
It refuses to let anybody approve what they submitted themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final

import sqlalchemy as sa
from attrs import field, frozen
from sqlalchemy.engine import Connection, Engine

from wecom_auto._time import require_aware
from wecom_auto.automotive.content._library import Category, ContentLibrary, LibraryItem
from wecom_auto.automotive.content._tables import approvals
from wecom_auto.errors import ConfigurationError
from wecom_auto.sop._document._problems import suggestion
from wecom_auto.sop.tasks._values import require
from wecom_auto.store import insert_once, reading, repeatable, transaction

_T: Final = approvals.c
_NOTE: Final = 500
_BRAND: Final = frozenset({"region_manager", "oem_marketing", "oem_pr", "oem_admin"})
_DEALER: Final = frozenset({"dealer_ops"})


class Approval(StrEnum):
    """Where a wording stands."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    WITHDRAWN = "withdrawn"


_WAYS: Final[Mapping[Approval, frozenset[Approval]]] = {
    Approval.SUBMITTED: frozenset({Approval.DRAFT, Approval.WITHDRAWN}),
    Approval.APPROVED: frozenset({Approval.SUBMITTED}),
    Approval.DRAFT: frozenset({Approval.SUBMITTED}),
    Approval.WITHDRAWN: frozenset({Approval.SUBMITTED, Approval.APPROVED}),
}
"""From where each state may be reached."""


class ApprovalError(ConfigurationError):
    """A decision that may not be made: by this person, or about a content that stands elsewhere."""


@frozen(kw_only=True)
class ApprovalRules:
    """Who may do what. Ours: a dealer's own posts are the dealer's; claims of the brand are the brand's.

    Attributes:
        submit: Roles that hand a content in.
        approve: Roles that approve, or give back to the author.
        withdraw: Roles that take a content out at once.
        by_category: Roles that approve a category, if they differ.
        four_eyes: Nobody approves what they submitted themselves.
    """

    submit: frozenset[str] = frozenset({"dealer_community", "oem_event"}) | _DEALER | _BRAND
    approve: frozenset[str] = _DEALER | _BRAND
    withdraw: frozenset[str] = _DEALER | _BRAND
    by_category: Mapping[Category, frozenset[str]] = field(
        factory=lambda: {Category.BRAND: _BRAND, Category.SALES: _BRAND}
    )
    four_eyes: bool = True

    def roles_for(self, to: Approval, category: Category) -> frozenset[str]:
        """Who may bring a content of a category into a state."""
        if to is Approval.SUBMITTED:
            return self.submit
        if to is Approval.WITHDRAWN:
            return self.withdraw
        return self.by_category.get(category, self.approve)


@frozen(kw_only=True)
class Decision:
    """One line of the history.

    Attributes:
        number: Counted from 1 for each content.
        state: What it became.
        by: Who decided.
        role: As what.
        note: Why, in words.
        at: When.
        digest: The wording.
    """

    number: int
    state: Approval
    by: str
    role: str
    note: str = field(repr=False)
    at: datetime
    digest: str


class Approvals:
    """The approvals of one library.

    Args:
        engine: From `wecom_auto.store.open_store`.
        corp_id: The corp.
        library: What is approved.
        roles: A person's roles; ``lambda userid: network.members[userid].roles`` for a network.
        rules: Who may do what.
    """

    def __init__(
        self,
        engine: Engine,
        corp_id: str,
        library: ContentLibrary,
        roles: Callable[[str], Collection[str]],
        *,
        rules: ApprovalRules | None = None,
    ) -> None:
        self.engine = engine
        self.corp_id = corp_id
        self.library = library
        self.rules = rules or ApprovalRules()
        self._roles = roles

    def __repr__(self) -> str:
        return f"Approvals(corp_id={self.corp_id!r}, contents={len(self.library.items)})"

    def submit(self, name: str, *, by: str, now: datetime, note: str = "") -> Decision:
        """Hand a draft in, or what was withdrawn once more.

        Raises:
            ApprovalError: None of the person's roles may, or it is no draft.
        """
        return self._decide(name, Approval.SUBMITTED, by, now, note)

    def approve(self, name: str, *, by: str, now: datetime, note: str = "") -> Decision:
        """Let a submitted content be sent.

        Raises:
            ApprovalError: None of the person's roles may, it was not submitted, or they submitted it themselves.
        """
        return self._decide(name, Approval.APPROVED, by, now, note)

    def give_back(self, name: str, *, by: str, now: datetime, note: str) -> Decision:
        """Give a submitted content back to its author, with the reason.

        Raises:
            ApprovalError: None of the person's roles may, or it was not submitted.
        """
        return self._decide(name, Approval.DRAFT, by, now, note)

    def withdraw(self, name: str, *, by: str, now: datetime, note: str) -> Decision:
        """Let a content be sent no longer, with the reason; what members were asked to send already stays asked.

        Raises:
            ApprovalError: None of the person's roles may, or there is nothing to withdraw.
        """
        return self._decide(name, Approval.WITHDRAWN, by, now, note)

    def state(self, name: str) -> Approval:
        """Where the present wording stands.

        Raises:
            ConfigurationError: No content has this name.
        """
        item = self._item(name)
        with reading(self.engine) as connection:
            return _state(item, self._last(connection, name))

    def approved(self) -> frozenset[str]:
        """The names of the contents that are approved as they stand; `Rules.approved` of the linter takes them."""
        return frozenset(name for name, state in self.states().items() if state is Approval.APPROVED)

    def states(self) -> dict[str, Approval]:
        """Where every content of the library stands."""
        newest = sa.select(_T.name, sa.func.max(_T.number).label("number")).where(_T.corp_id == self.corp_id)
        last = newest.group_by(_T.name).subquery()
        joined = sa.select(approvals).join(last, (last.c.name == _T.name) & (last.c.number == _T.number))
        with reading(self.engine) as connection:
            rows = connection.execute(joined.where(_T.corp_id == self.corp_id)).all()
        known = {row.name: _decision(row) for row in rows}
        return {name: _state(item, known.get(name)) for name, item in self.library.items.items()}

    def history(self, name: str) -> tuple[Decision, ...]:
        """Everything that was decided about a content, oldest first; every wording."""
        query = sa.select(approvals).where(*self._mine(name)).order_by(_T.number)
        with reading(self.engine) as connection:
            return tuple(map(_decision, connection.execute(query)))

    def _decide(self, name: str, to: Approval, by: str, now: datetime, note: str) -> Decision:
        require_aware(now, "now")
        require(len(note) <= _NOTE, "note", f"{len(note)} characters", f"at most {_NOTE} characters")
        require(note.strip() or to in {Approval.SUBMITTED, Approval.APPROVED}, "note", "an empty text", "the reason")
        item = self._item(name)
        role = self._role(item, to, by)
        # Of two people who decide at the same moment one is told so by the primary key, and looks again.
        while (made := self._write(item, to, by, role, note, now)) is None:
            continue
        return made

    @repeatable
    def _write(self, item: LibraryItem, to: Approval, by: str, role: str, note: str, now: datetime) -> Decision | None:
        with transaction(self.engine) as connection:
            last = self._last(connection, item.name)
            self._check(item, to, by, last)
            made = Decision(
                number=1 + (last.number if last is not None else 0),
                state=to,
                by=by,
                role=role,
                note=note,
                at=now,
                digest=item.digest,
            )
            row = {"corp_id": self.corp_id, "name": item.name, "number": made.number, "digest": made.digest}
            row |= {"state": to.value, "decided_by": by, "role": role, "note": note, "decided_at": now}
            return made if insert_once(connection, approvals, row) else None

    def _check(self, item: LibraryItem, to: Approval, by: str, last: Decision | None) -> None:
        stands = _state(item, last)
        if stands not in _WAYS[to]:
            msg = f"content {item.name!r} is {stands.value}, and becomes {to.value} only from {_spelt(_WAYS[to])}"
            raise ApprovalError(msg)
        if to is Approval.APPROVED and self.rules.four_eyes and last is not None and last.by == by:
            msg = f"content {item.name!r} was submitted by {by!r}: somebody else has to approve it"
            raise ApprovalError(msg)

    def _role(self, item: LibraryItem, to: Approval, by: str) -> str:
        wanted = self.rules.roles_for(to, item.category)
        found = sorted(wanted & set(self._roles(by)))
        if not found:
            msg = f"{by!r} may not bring content {item.name!r} to {to.value}: it takes {', '.join(sorted(wanted))}"
            raise ApprovalError(msg)
        return found[0]

    def _item(self, name: str) -> LibraryItem:
        item = self.library.items.get(name)
        if item is None:
            msg = f"no content is called {name!r:.80}; {suggestion(name, self.library.items)}"
            raise ConfigurationError(msg)
        return item

    def _last(self, connection: Connection, name: str) -> Decision | None:
        query = sa.select(approvals).where(*self._mine(name)).order_by(_T.number.desc()).limit(1)
        row = connection.execute(query).one_or_none()
        return None if row is None else _decision(row)

    def _mine(self, name: str) -> tuple[sa.ColumnElement[bool], ...]:
        return _T.corp_id == self.corp_id, _T.name == name


def _state(item: LibraryItem, last: Decision | None) -> Approval:
    return last.state if last is not None and last.digest == item.digest else Approval.DRAFT


def _spelt(states: Collection[Approval]) -> str:
    return " or ".join(sorted(one.value for one in states))


def _decision(row: sa.Row[tuple[object, ...]]) -> Decision:
    return Decision(
        number=row.number,
        state=Approval(row.state),
        by=row.decided_by,
        role=row.role,
        note=row.note,
        at=row.decided_at,
        digest=row.digest,
    )
