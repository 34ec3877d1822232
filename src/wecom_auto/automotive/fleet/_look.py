"""Find out whether the platform has made a code whose answer nobody heard. Reads only; decides nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from attrs import frozen

from wecom_auto.automotive.fleet._codes import CodeKind
from wecom_auto.automotive.fleet._plan import Platform
from wecom_auto.automotive.fleet._rows import KnownCode
from wecom_auto.errors import NotFoundError, PermissionDeniedError
from wecom_auto.models import AcquisitionLinkDetail, ContactWay

if TYPE_CHECKING:
    from wecom_auto._client import WeCom

FIRST_LISTED: Final = datetime(2021, 7, 10, tzinfo=UTC)
"""The list of contact ways has those that were made after this day (manual 92228)."""
_SKEW: Final = timedelta(minutes=10)
"""How far the platform's clock may be from ours."""


@frozen
class Seen:
    """A code that the platform has and the fleet does not know.

    Attributes:
        config_id: Its id.
        url: Of its picture, or of the link.
        said: What it was made with, as `Code.settings` says it.
        state: Its state; links have none of their own.
    """

    config_id: str
    url: str
    said: dict[str, Any]
    state: str

    def is_that(self, row: KnownCode) -> bool:
        """Whether it was made with what the row wanted."""
        wanted = {name: row.settings.get(name) for name in self.said}
        return self.said == wanted and (row.kind is CodeKind.LINK or self.state == row.state)


def platform(client: WeCom, now: datetime, kinds: Iterable[CodeKind]) -> Platform:
    """Read which codes of these kinds the app has, and how many uses are left."""
    wanted = set(kinds)
    ways = links = uses = None
    if CodeKind.CONTACT in wanted:
        listed = client.contact_ways.iter_all(start_at=FIRST_LISTED, end_at=now + _SKEW)
        ways = frozenset(one.config_id for one in listed)
    if CodeKind.LINK in wanted:
        try:
            links = frozenset(client.acquisition_links.iter_all())
            uses = client.acquisition_links.get_quota().balance
        except PermissionDeniedError:
            links = uses = (
                None  # An app without the right to links may still have codes; the calls that make them say so.
            )
    return Platform(contact_ways=ways, links=links, link_uses=uses)


def find(client: WeCom, unsure: Sequence[KnownCode], taken: frozenset[str], now: datetime) -> dict[str, Seen]:
    """Return what the platform has made of the unsure ones, by key; those it has not made are missing.

    Codes that were made with the same settings are as good as each other: each is given away once.

    Args:
        client: A client of the app that makes the codes.
        unsure: Rows whose answer nobody heard.
        taken: Ids that the fleet knows.
        now: Aware.
    """
    found: dict[str, Seen] = {}
    for kind, candidates in ((CodeKind.CONTACT, _contact_ways), (CodeKind.LINK, _links)):
        rows = [one for one in unsure if one.kind is kind]
        seen = list(candidates(client, rows, taken, now)) if rows else []
        for row in rows:
            match = next((one for one in seen if one.is_that(row)), None)
            if match is not None:
                seen.remove(match)
                found[row.key] = match
    return found


def _contact_ways(client: WeCom, rows: Sequence[KnownCode], taken: frozenset[str], now: datetime) -> Iterator[Seen]:
    since = max(min(one.intent_at for one in rows) - _SKEW, FIRST_LISTED)
    for ref in client.contact_ways.iter_all(start_at=since, end_at=now + _SKEW):
        if ref.config_id not in taken:
            way = client.contact_ways.get(ref.config_id)
            yield Seen(way.config_id, way.qr_code, _of_way(way), way.state)


def _links(client: WeCom, rows: Sequence[KnownCode], taken: frozenset[str], now: datetime) -> Iterator[Seen]:
    del rows, now
    for link_id in client.acquisition_links.iter_all():
        if link_id in taken:
            continue
        try:
            detail = client.acquisition_links.get(link_id)
        except NotFoundError:
            continue
        yield Seen(link_id, detail.link.url, _of_link(detail), "")


def _of_way(way: ContactWay) -> dict[str, Any]:
    return {"remark": way.remark, "users": sorted(way.users), "parties": sorted(way.parties)}


def _of_link(detail: AcquisitionLinkDetail) -> dict[str, Any]:
    people = detail.range
    return {
        "remark": detail.link.name,
        "users": sorted(people.userids),
        "parties": sorted(people.department_ids),
    }
