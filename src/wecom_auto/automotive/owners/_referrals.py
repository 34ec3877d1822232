"""Referrals (转介绍): a code for each referrer, and who came by it.

Pays no bonus: whoever knows the format of a code can make one, and only your system knows who has bought.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final

import sqlalchemy as sa
from attrs import frozen

from wecom_auto._time import require_aware
from wecom_auto.automotive.channels import Channels, Source, SourceKind
from wecom_auto.automotive.channels._tables import adds
from wecom_auto.automotive.leads._cells import MOBILES
from wecom_auto.directory import Directory
from wecom_auto.errors import ValidationError
from wecom_auto.models import channel_url
from wecom_auto.sop import Happened
from wecom_auto.store import reading

_MARK: Final = "referrer:"
_CHARS: Final = 64
_A: Final = adds.c


class ReferralStanding(StrEnum):
    """Whether somebody who came by a referrer's code counts for the referrer."""

    NEW = "new"
    """The person was nobody's contact before."""
    KNOWN = "known"
    """The person was a contact already, or has used the code of another referrer first."""
    OWN = "own"
    """The referrer has used their own code."""


@frozen(kw_only=True)
class Referral:
    """Somebody who came by the code of a referrer.

    Attributes:
        referrer: Whose code it was.
        external_userid: Who came.
        userid: The member who was added.
        added_at: When.
        campaign: Key of the campaign (活动) of the code.
        store: Key of the store (门店) of the code.
        standing: Whether the person counts for the referrer.
    """

    referrer: str
    external_userid: str
    userid: str
    added_at: datetime
    campaign: str
    store: str
    standing: ReferralStanding


@frozen(kw_only=True)
class ReferralCount:
    """What one referrer has brought.

    Attributes:
        referrer: Who.
        new: People who were nobody's contact before, each once.
        known: Adds of people who were contacts already, or came by another referrer first.
        own: Adds of the referrer.
        successes: How many of the new ones did what counts after they were added; None if nobody told.
    """

    referrer: str
    new: int
    known: int
    own: int
    successes: int | None


class Referrals:
    """Codes of referrers (转介绍码) of one corp, and what came of them.

    A code is a `state` of `Channels`: of a contact way (联系我) of the referrer's own, or as the ``customer_channel``
    of one acquisition link (获客链接) for all of them. Adds are written down by `Channels.record`.

    Args:
        channels: The registry of the corp.
        directory: Knows who was a contact before the registry was there; without it only the registry says so.
        channel: Key of the channel that all codes carry; it is registered when it is first used.
    """

    def __init__(self, channels: Channels, *, directory: Directory | None = None, channel: str = "referral") -> None:
        self._channels = channels
        self._directory = directory
        self._channel = channel

    def __repr__(self) -> str:
        return f"Referrals(corp_id={self._channels.corp_id!r}, channel={self._channel!r})"

    def state(self, referrer: str, *, campaign: str = "", store: str = "", advisor: str = "") -> str:
        """Return the `state` of a referrer's code, at most 30 characters; the same one for the same words.

        Args:
            referrer: The owner's external_userid, or your own number of them; up to 64 characters.
            campaign: Key of the campaign (活动), registered before.
            store: Key of the store (门店), registered before.
            advisor: Userid of the advisor (顾问).

        Raises:
            ValidationError: No referrer, a longer one, or one with a mobile number in it: states are shown.
            ConfigurationError: The campaign or store is not in the registry.
        """
        if not referrer.strip() or len(referrer) > _CHARS:
            limit = f"1 to {_CHARS} characters"
            raise ValidationError(field="referrer", value=f"{len(referrer)} characters", limit=limit)
        if MOBILES.search(referrer):
            raise ValidationError(field="referrer", value="a mobile number", limit="an id that tells nobody anything")
        self._channels.register(SourceKind.CHANNEL, self._channel)
        parts = {"channel": self._channel, "campaign": campaign, "store": store, "advisor": advisor}
        return self._channels.state(Source(**parts, note=f"{_MARK}{referrer}"))

    def address(self, link_url: str, referrer: str, *, campaign: str = "", store: str = "", advisor: str = "") -> str:
        """Return the address of an acquisition link (获客链接) that is this referrer's own; see `state`.

        Args:
            link_url: `AcquisitionLink.url`; one link serves all referrers.
            referrer: Who.
            campaign: Key of the campaign.
            store: Key of the store.
            advisor: Userid of the advisor.
        """
        return channel_url(link_url, self.state(referrer, campaign=campaign, store=store, advisor=advisor))

    def referrer(self, state: str) -> str:
        """Return whose code a `state` is; empty if it is no referrer's.

        Args:
            state: Of an add event, or of a customer's follower.
        """
        source = self._channels.source(state)
        mine = source is not None and source.channel == self._channel and source.note.startswith(_MARK)
        return source.note.removeprefix(_MARK) if source is not None and mine else ""

    def referred(
        self, referrer: str = "", *, since: datetime | None = None, until: datetime | None = None
    ) -> tuple[Referral, ...]:
        """List who came by codes, the first add first.

        Args:
            referrer: Only by the codes of this one; all if empty.
            since: Added at or after; aware.
            until: Added before; aware.

        Raises:
            ValidationError: A naive time.
        """
        first = require_aware(since, "since") if since else None
        last = require_aware(until, "until") if until else None
        return tuple(
            one
            for one in self._all()
            if (not referrer or one.referrer == referrer)
            and (first is None or one.added_at >= first)
            and (last is None or one.added_at < last)
        )

    def count(
        self, *, since: datetime | None = None, until: datetime | None = None, happened: Happened | None = None
    ) -> tuple[ReferralCount, ...]:
        """Count by referrer, who brought the most first.

        Args:
            since: Added at or after; aware.
            until: Added before; aware.
            happened: When what counts happened, by external_userid: the orders of your DMS. Only what happened after
                the add counts.

        Raises:
            ValidationError: A naive time.
        """
        by_referrer: dict[str, list[Referral]] = {}
        for one in self.referred(since=since, until=until):
            by_referrer.setdefault(one.referrer, []).append(one)
        found = (_count(name, mine, happened) for name, mine in by_referrer.items())
        return tuple(sorted(found, key=lambda one: (-one.new, one.referrer)))

    def _all(self) -> list[Referral]:
        """Every add by a code of ours, with its standing."""
        corp = self._channels.corp_id
        ours = (_A.corp_id == corp, _A.channel == self._channel, _A.note.startswith(_MARK))
        query, came = sa.select(adds).where(*ours), sa.select(_A.external_userid).where(*ours)
        every = sa.select(_A.external_userid, sa.func.min(_A.added_at).label("first_at"))
        every = every.where(_A.corp_id == corp, _A.external_userid.in_(came)).group_by(_A.external_userid)
        with reading(self._channels.engine) as connection:
            rows = connection.execute(query.order_by(_A.added_at, _A.external_userid, _A.userid)).all()
            first = {row.external_userid: row.first_at for row in connection.execute(every)}
        before = self._known_before(row.external_userid for row in rows)
        found = []
        for row in rows:
            begun = min(filter(None, (first[row.external_userid], before.get(row.external_userid))))
            referrer = row.note.removeprefix(_MARK)
            fresh = ReferralStanding.NEW if begun >= row.added_at else ReferralStanding.KNOWN
            found.append(
                Referral(
                    referrer=referrer,
                    external_userid=row.external_userid,
                    userid=row.userid,
                    added_at=row.added_at,
                    campaign=row.campaign,
                    store=row.store,
                    standing=ReferralStanding.OWN if referrer == row.external_userid else fresh,
                )
            )
        return found

    def _known_before(self, external_userids: Iterable[str]) -> Mapping[str, datetime]:
        """Since when the directory knows people."""
        if self._directory is None:
            return {}
        facts = self._directory.facts_for([(one, "") for one in {*external_userids}])
        times = {
            who: [moment for one in fact.followers if (moment := one.relation.added_at) is not None]
            for (who, _), fact in facts.items()
        }
        return {who: min(since) for who, since in times.items() if since}


def _count(referrer: str, mine: list[Referral], happened: Happened | None) -> ReferralCount:
    people = Counter(one.standing for one in mine)
    new = {one.external_userid: one.added_at for one in mine if one.standing is ReferralStanding.NEW}
    done = None
    if happened is not None:
        done = sum(
            any(require_aware(at, "happened") >= added_at for at in happened.get(who, ()))
            for who, added_at in new.items()
        )
    known, own = people[ReferralStanding.KNOWN], people[ReferralStanding.OWN]
    return ReferralCount(referrer=referrer, new=len(new), known=known, own=own, successes=done)
