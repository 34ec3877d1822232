"""Compare the cards of a whole network with a template, and make them so. Keeps no state: the cards are the state."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Final

from attrs import field, frozen

from wecom_auto._types import UNSET
from wecom_auto.automotive.network import Member, Network
from wecom_auto.automotive.profiles._cards import Card, CardDeviation
from wecom_auto.automotive.profiles._template import ProfileTemplate
from wecom_auto.errors import (
    Applied,
    ConflictError,
    InvalidRequestError,
    LicenseError,
    NotFoundError,
    PermissionDeniedError,
    ValidationError,
    WeComError,
)
from wecom_auto.models import CorpMember
from wecom_auto.sop._document._problems import DefinitionError

if TYPE_CHECKING:
    from wecom_auto._client import WeCom

_ITS_OWN: Final = (ConflictError, InvalidRequestError, LicenseError, NotFoundError, ValidationError)
"""What concerns one member; after it the next one comes."""
_OUT_OF_RANGE: Final = frozenset({60011, 60021, 60030})
"""The rights that an app lacks for one member; without any other it can do nothing at all."""
_PATIENCE: Final = 3
"""So many calls in a row without an answer mean that the platform is away."""


@frozen(kw_only=True)
class ProfileAudit:
    """What `audit` found.

    Attributes:
        deviations: Everything that differs, member by member.
        kept: How many cards are as they should be.
        failed: Members whose card cannot be read or filled, and why.
        stopped: Why it ended early; empty if it did not.
        rest: Members that were not looked at, if it was stopped.
    """

    deviations: tuple[CardDeviation, ...] = ()
    kept: int = 0
    failed: Mapping[str, str] = field(factory=dict[str, str])
    stopped: str = ""
    rest: tuple[str, ...] = ()

    @property
    def userids(self) -> tuple[str, ...]:
        """The members whose card differs."""
        return tuple(dict.fromkeys(one.userid for one in self.deviations))


@frozen(kw_only=True)
class ProfileReport:
    """What `apply` did.

    Attributes:
        written: Members whose card was changed.
        ignored: What is still otherwise after it was written: a label that the console does not have, a mini program
            that is not installed, a Channels account that is not bound.
        kept: How many cards were as they should be, and not written.
        failed: Members whose card could not be read, filled or written, and why.
        stopped: Why it ended early; empty if it did not.
        rest: Members that were not looked at, if it was stopped: pass them again, or simply all.
    """

    written: tuple[str, ...] = ()
    ignored: tuple[CardDeviation, ...] = ()
    kept: int = 0
    failed: Mapping[str, str] = field(factory=dict[str, str])
    stopped: str = ""
    rest: tuple[str, ...] = ()


def audit(
    template: ProfileTemplate, network: Network, reader: WeCom, *, userids: Collection[str] | None = None
) -> ProfileAudit:
    """Compare the cards of staff with a template: the plan of what `apply` would write. Changes nothing.

    Args:
        template: What they should say.
        network: Whose.
        reader: A client of an app whose visible range has the members.
        userids: Only these; everybody that the template is for unless given.
    """
    run = _Run(template=template, network=network, reader=reader, writer=None)
    run.work(userids)
    return ProfileAudit(
        deviations=tuple(run.left), kept=len(run.kept), failed=run.failed, stopped="".join(run.stopped), rest=run.rest()
    )


def apply(
    template: ProfileTemplate,
    network: Network,
    *,
    reader: WeCom,
    writer: WeCom,
    userids: Collection[str] | None = None,
) -> ProfileReport:
    """Make the cards of staff those of a template, writing only what differs. Run it again after a crash.

    Each card is read just before it is written, so that what a member changed meanwhile stays, and once more after it,
    because the platform ignores in silence what it does not allow.

    Args:
        template: What they should say.
        network: Whose.
        reader: A client of an app whose visible range has the members.
        writer: A client with the contact-sync secret (通讯录同步); the manual names no other that may write.
        userids: Only these, such as `ProfileAudit.userids`; everybody that the template is for unless given.
    """
    run = _Run(template=template, network=network, reader=reader, writer=writer)
    run.work(userids)
    return ProfileReport(
        written=tuple(run.written),
        ignored=tuple(run.left),
        kept=len(run.kept),
        failed=run.failed,
        stopped="".join(run.stopped),
        rest=run.rest(),
    )


@frozen(kw_only=True)
class _Run:
    """One run of `audit` or `apply`; without a writer it only looks."""

    template: ProfileTemplate
    network: Network
    reader: WeCom
    writer: WeCom | None
    waiting: dict[str, Member] = field(factory=dict[str, Member])
    kept: list[str] = field(factory=list[str])
    written: list[str] = field(factory=list[str])
    left: list[CardDeviation] = field(factory=list[CardDeviation])
    failed: dict[str, str] = field(factory=dict[str, str])
    stopped: list[str] = field(factory=list[str])

    def rest(self) -> tuple[str, ...]:
        """Who was not looked at."""
        return tuple(self.waiting)

    def work(self, userids: Collection[str] | None) -> None:
        """Look at one member after the other."""
        wanted = [one for one in self.template.members(self.network) if userids is None or one.userid in userids]
        self.waiting.update((one.userid, one) for one in wanted)
        silent = 0
        for member in wanted:
            try:
                self._one(member)
                silent = 0
            except DefinitionError as error:
                self.failed[member.userid] = str(error)
            except WeComError as error:
                silent = 0 if _concerns_one(error) else silent + 1
                if self._ends(error, silent):
                    self.stopped.append(str(error))
                    return
                self.failed[member.userid] = str(error)
            del self.waiting[member.userid]

    @staticmethod
    def _ends(error: WeComError, silent: int) -> bool:
        """Whether the next member would fare no better."""
        if _concerns_one(error):
            return False
        return getattr(error, "applied", None) is not Applied.UNKNOWN or silent >= _PATIENCE

    def _one(self, member: Member) -> None:
        found = self.reader.members.get(member.userid)
        card = self.template.card(member, self.network, name=found.name)
        deviations = card.deviations(found)
        if not deviations:
            self.kept.append(member.userid)
            return
        if self.writer is None:
            self.left.extend(deviations)
            return
        self._write(self.writer, card, found, {one.field for one in deviations})
        self.written.append(member.userid)
        self.left.extend(card.deviations(self.reader.members.get(member.userid)))

    @staticmethod
    def _write(writer: WeCom, card: Card, found: CorpMember, fields: set[str]) -> None:
        plain = {"external_position", "alias"}
        writer.members.update(
            card.userid,
            external_position=card.external_position if "external_position" in fields else UNSET,
            alias=card.alias if "alias" in fields else UNSET,
            external_profile=card.over(found.external_profile) if fields - plain else UNSET,
        )


def _concerns_one(error: WeComError) -> bool:
    if isinstance(error, PermissionDeniedError):
        return error.errcode in _OUT_OF_RANGE
    return isinstance(error, _ITS_OWN)
