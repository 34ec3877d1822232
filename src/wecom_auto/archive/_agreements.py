"""Ask the platform who has agreed to being archived (会话同意情况). Keeps nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Protocol

from attrs import frozen

from wecom_auto.archive._values import Agreement
from wecom_auto.errors import InvalidRequestError, NotFoundError
from wecom_auto.models import ArchiveAgreement

if TYPE_CHECKING:
    from wecom_auto._client import WeCom

__all__ = ["AgreementSource", "PlatformAgreements"]

_PAIRS: Final = 100
_EVER: Final = datetime(1970, 1, 1, tzinfo=UTC)


class AgreementSource(Protocol):
    """Who knows what people have said about being archived."""

    def look(self, pairs: Collection[tuple[str, str]], rooms: Collection[str], /) -> Collection[Agreement]:
        """Look up one-to-one chats and groups; leave out what nobody knows.

        Args:
            pairs: ``(userid, external_userid)``.
            rooms: Groups; everybody in them.
        """
        ...


@frozen
class PlatformAgreements:
    """Asks the platform, 100 chats at once and one group at once.

    Attributes:
        client: With the archive's own secret. Corps that have the data zone alone have none: there, agreements are
            known from callbacks and from what the archive itself says.
    """

    client: WeCom

    def look(self, pairs: Collection[tuple[str, str]], rooms: Collection[str], /) -> Collection[Agreement]:
        """Look up one-to-one chats and groups; see `AgreementSource.look`.

        A chat or group that the platform refuses to know is left out, so that one bad id stops nobody.

        Raises:
            APIError: The archive is not switched on (301053), has expired (301052), or the secret is not its own.
        """
        return [*self._pairs(sorted(pairs)), *(one for room in sorted(rooms) for one in self._room(room))]

    def _pairs(self, pairs: Sequence[tuple[str, str]]) -> Iterator[Agreement]:
        for start in range(0, len(pairs), _PAIRS):
            yield from self._some(pairs[start : start + _PAIRS])

    def _some(self, pairs: Sequence[tuple[str, str]]) -> Iterator[Agreement]:
        try:
            found = self.client.archive.list_agreements(pairs)
        except (NotFoundError, InvalidRequestError):
            if len(pairs) > 1:  # One of them is bad: which, nobody says.
                for one in pairs:
                    yield from self._some([one])
            return
        for said in found:
            yield from _agreement(said.userid, said)

    def _room(self, room: str) -> Iterator[Agreement]:
        try:
            found = self.client.archive.list_room_agreements(room)
        except (NotFoundError, InvalidRequestError):
            return
        for said in found:
            yield from _agreement(room, said)


def _agreement(place: str, said: ArchiveAgreement) -> Iterator[Agreement]:
    if said.status is not None:
        at = said.changed_at or _EVER
        yield Agreement(place=place, external_userid=said.external_userid, status=said.status, at=at)
