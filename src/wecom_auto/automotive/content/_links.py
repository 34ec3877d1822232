"""Short links that lead from a message to a page and tell which content was clicked (素材反馈).

An address holds a number and its seal, and nothing about anybody; where it leads stands in the database.
It refuses to lead anywhere but to the hosts that were named, so that nobody can make an open redirect of it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

import sqlalchemy as sa
from attrs import frozen
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from wecom_auto._time import CHINA, Clock, from_unix, require_aware
from wecom_auto.automotive.content._library import Category
from wecom_auto.automotive.content._tables import clicks, links
from wecom_auto.automotive.leads import Metric
from wecom_auto.automotive.tagplan import Signal, SignalKind
from wecom_auto.errors import ConfigurationError
from wecom_auto.sop.tasks._values import require
from wecom_auto.store import insert_once, reading, repeatable, transaction

log: Final = logging.getLogger("wecom_auto.automotive.content")
_L: Final = links.c
_C: Final = clicks.c
_DIGITS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_SEAL_BYTES: Final = 9
_SEAL: Final = 12
"""Characters of the seal: 72 bits, which nobody guesses over the network."""
_TOKEN: Final = _SEAL + 11
_KEY: Final = 32
_URL: Final = 2048
_CHARS: Final = 64
_AGAIN: Final = timedelta(minutes=1)
"""Within this time a second click of a customer is no second signal."""


@frozen(kw_only=True)
class ShortLink:
    """Where a short link leads.

    Attributes:
        number: Its number.
        content: The content in which it stands.
        category: Of the content; empty if nobody said.
        segment: For whom it was made, such as ``store:bj01`` or ``grade:H``.
        external_userid: The one customer for whom it was made; empty for a segment.
        userid: The member who sends it to that customer.
        target: The page.
        clicks: How often it was followed.
        first_at: When for the first time.
        last_at: When for the last time.
        expires_at: From when on it leads nowhere; None for never.
    """

    number: int
    content: str
    category: str
    segment: str
    external_userid: str
    userid: str
    target: str
    clicks: int
    first_at: datetime | None
    last_at: datetime | None
    expires_at: datetime | None


@frozen(kw_only=True)
class ContentClicks:
    """Clicks of one content.

    Attributes:
        content: The content.
        segment: The segment; empty for links that have none.
        clicks: How many, with what is meant by that. Previews that fetch a page are clicks, too.
    """

    content: str
    segment: str
    clicks: Metric


@frozen(kw_only=True)
class TargetClicks:
    """Clicks that led to one place.

    Attributes:
        host: The host of the page: that of the official account's articles (公众号), of the mini program's opening page
            (小程序), of the App's download page.
        links: How many short links lead there.
        clicks: How many clicks, with what is meant by that; of all time.
    """

    host: str
    links: int
    clicks: Metric


class ShortLinks:
    """Makes short links (短链), follows them, and counts.

    Args:
        engine: From `wecom_auto.store.open_store`.
        corp_id: The corp.
        key: Seals the addresses; at least 32 bytes, for example from ``secrets.token_bytes(32)``. With another key all
            links that are out lead nowhere.
        base_url: Where the door stands, such as ``https://go.example.com/c``.
        hosts: The hosts to which links may lead, in full: ``example.com`` does not mean ``www.example.com``.
        hear: Is told of the click of a customer as a `Signal`, for example `Tagger.hear`.
        clock: Unix seconds of "now".
    """

    def __init__(
        self,
        engine: Engine,
        corp_id: str,
        *,
        key: bytes,
        base_url: str,
        hosts: Iterable[str],
        hear: Callable[[Signal], object] | None = None,
        clock: Clock = time.time,
    ) -> None:
        if len(key) < _KEY:
            msg = f"key has {len(key)} bytes, and needs at least {_KEY}: take secrets.token_bytes({_KEY})"
            raise ConfigurationError(msg)
        self.engine = engine
        self.corp_id = corp_id
        self.hosts = frozenset(host.lower() for host in hosts)
        self._key = key
        self._base_url = base_url.rstrip("/")
        self._hear = hear
        self._clock = clock

    def __repr__(self) -> str:
        return f"ShortLinks(corp_id={self.corp_id!r}, hosts={sorted(self.hosts)!r})"

    def make(
        self,
        content: str,
        target: str,
        *,
        category: Category | str = "",
        segment: str = "",
        external_userid: str = "",
        userid: str = "",
        expires_at: datetime | None = None,
    ) -> str:
        """Make a short address; the same arguments give the same one.

        A link of one customer makes a text of its own, and with it one more tap for the member: keep it for welcome
        messages and tasks, and use a segment in mass messages.

        Args:
            content: The content in which it stands.
            target: The page: https, on one of the hosts.
            category: Of the content, for tag rules.
            segment: For whom, in a word; never a person.
            external_userid: The one customer, whose click becomes a signal.
            userid: The member whose relation the tag goes to; empty for everybody who has the customer.
            expires_at: From when on it leads nowhere; aware.

        Raises:
            ConfigurationError: The target is not https, or on another host.
            ValidationError: A word is too long.
        """
        self._require_target(target)
        known = {"content": content, "category": str(category), "segment": segment}
        known |= {"external_userid": external_userid, "userid": userid}
        for name, value in known.items():
            require(len(value) <= _CHARS, name, f"{len(value)} characters", f"at most {_CHARS} characters")
        until = require_aware(expires_at, "expires_at") if expires_at is not None else None
        return f"{self._base_url}/{self._token(self._number(known, target, until))}"

    def follow(self, token: str) -> str | None:
        """Count a click and say where it leads; None if that is nowhere.

        A database that does not answer raises its own error: nobody knows then where the link leads.

        Args:
            token: The last part of the address.
        """
        link, now = self._open(token), from_unix(self._clock())
        if link is None:
            return None
        try:
            self._count(link, now)
            self._tell(link, now)
        except SQLAlchemyError as error:
            # Whoever clicks wants the page, not our statistics.
            log.warning("click on link %d not counted: %s", link.number, type(error).__name__)
        return link.target

    def link(self, token: str) -> ShortLink | None:
        """What an address stands for, without a click; None if we have not made it."""
        number = self._opened(token)
        if number is None:
            return None
        with reading(self.engine) as connection:
            row = connection.execute(sa.select(links).where(*self._this(number))).one_or_none()
        names = ShortLink.__annotations__
        return None if row is None else ShortLink(**{name: getattr(row, name) for name in names})

    def target(self, token: str) -> str | None:
        """Where an address leads, without a click."""
        link = self._open(token)
        return link.target if link is not None else None

    def by_content(self, *, first_day: date | None = None, last_day: date | None = None) -> tuple[ContentClicks, ...]:
        """Clicks by content and segment, the most first.

        Args:
            first_day: A Beijing day; all if not given.
            last_day: Included.
        """
        total = sa.func.sum(_C.clicks)
        query = sa.select(_C.content, _C.segment, total.label("total")).where(_C.corp_id == self.corp_id)
        query = query.where(_C.day >= first_day) if first_day is not None else query
        query = query.where(_C.day <= last_day) if last_day is not None else query
        with reading(self.engine) as connection:
            rows = connection.execute(query.group_by(_C.content, _C.segment).order_by(total.desc(), _C.content)).all()
        return tuple(
            ContentClicks(content=row.content, segment=row.segment, clicks=_metric(int(row.total))) for row in rows
        )

    def by_target(self) -> tuple[TargetClicks, ...]:
        """Clicks by where they led, the most first: which channel people follow (公众号, 小程序, App).

        Whether they then subscribed or installed is told by those systems: record it as an event of the customer.
        Links of customers who were forgotten are not counted any more.
        """
        query = sa.select(_L.target, sa.func.count().label("amount"), sa.func.sum(_L.clicks).label("total"))
        found: dict[str, list[int]] = {}
        with reading(self.engine) as connection:
            for row in connection.execute(query.where(_L.corp_id == self.corp_id).group_by(_L.target)):
                counts = found.setdefault(urlsplit(row.target).hostname or "", [0, 0])
                counts[0] += int(row.amount)
                counts[1] += int(row.total)
        rows = (TargetClicks(host=host, links=one[0], clicks=_metric(one[1])) for host, one in found.items())
        return tuple(sorted(rows, key=lambda one: (-one.clicks.cases, one.host)))

    @repeatable
    def forget(self, external_userid: str) -> int:
        """Delete the links of a customer; what was counted by segment names nobody and stays."""
        mine = (_L.corp_id == self.corp_id, _L.external_userid == external_userid)
        if not external_userid:
            return 0
        with transaction(self.engine) as connection:
            return connection.execute(sa.delete(links).where(*mine)).rowcount

    # Addresses.

    def _open(self, token: str) -> ShortLink | None:
        """The link, if it leads somewhere now: a host that is allowed no longer counts at once."""
        link = self.link(token)
        if link is None or not self._allowed(link.target):
            return None
        over = link.expires_at is not None and link.expires_at <= from_unix(self._clock())
        return None if over else link

    def _token(self, number: int) -> str:
        return self._seal(number) + _spell(number)

    def _seal(self, number: int) -> str:
        text = f"{self.corp_id}\n{number}".encode()
        return urlsafe_b64encode(hmac.digest(self._key, text, "sha256")[:_SEAL_BYTES]).decode()

    def _opened(self, token: str) -> int | None:
        if not token.isascii() or not _SEAL < len(token) <= _TOKEN:
            return None
        number = _read(token[_SEAL:])
        if number is None or not hmac.compare_digest(self._token(number), token):
            return None
        return number

    def _require_target(self, target: str) -> None:
        if not self._allowed(target):
            msg = f"a link may not lead there: write an https address on {', '.join(sorted(self.hosts)) or 'a host'}"
            raise ConfigurationError(msg)

    def _allowed(self, target: str) -> bool:
        """Whether a link may lead there: what a browser could read in another way is refused."""
        if len(target.encode()) > _URL or not target.isprintable() or set(target) & set(" \\\"'<>"):
            return False
        try:
            parts = urlsplit(target)
            plain = parts.username is None and parts.password is None and parts.port in {None, 443}
        except ValueError:
            return False
        return parts.scheme == "https" and plain and (parts.hostname or "") in self.hosts

    # Rows.

    @repeatable
    def _number(self, known: dict[str, str], target: str, until: datetime | None) -> int:
        document = [*known.values(), target, until.timestamp() if until is not None else None]
        digest = hashlib.sha256(json.dumps(document).encode()).hexdigest()
        mine = sa.select(_L.number).where(_L.corp_id == self.corp_id, _L.digest == digest)
        with transaction(self.engine) as connection:
            # Of two that take the same number one is told so by the primary key, and takes the next.
            while (number := connection.scalar(mine)) is None:
                newest = connection.scalar(sa.select(sa.func.max(_L.number)).where(_L.corp_id == self.corp_id))
                row = {"corp_id": self.corp_id, "number": (newest or 0) + 1, "digest": digest, "target": target}
                row |= {"made_at": from_unix(self._clock()), "expires_at": until, "clicks": 0}
                insert_once(connection, links, {**known, **row})
        return int(number)

    @repeatable
    def _count(self, link: ShortLink, now: datetime) -> None:
        values = {"clicks": _L.clicks + 1, "first_at": sa.func.coalesce(_L.first_at, sa.literal(now, _L.first_at.type))}
        with transaction(self.engine) as connection:
            connection.execute(sa.update(links).where(*self._this(link.number)).values(**values, last_at=now))
            self._count_day(connection, link, now.astimezone(CHINA).date())

    def _count_day(self, connection: Connection, link: ShortLink, day: date) -> None:
        row = {"corp_id": self.corp_id, "content": link.content, "segment": link.segment, "day": day}
        if not insert_once(connection, clicks, {**row, "clicks": 1}):
            same = (clicks.c[name] == value for name, value in row.items())
            connection.execute(sa.update(clicks).where(*same).values(clicks=_C.clicks + 1))

    def _tell(self, link: ShortLink, now: datetime) -> None:
        recent = link.last_at is not None and now - link.last_at < _AGAIN
        if self._hear is None or not link.external_userid or recent:
            return
        for field, value in (("content", link.content), ("category", link.category)):
            if value:
                who = {"external_userid": link.external_userid, "userid": link.userid}
                self._hear(Signal(kind=SignalKind.EVENT, field=field, value=f"click:{value}", at=now, **who))

    def _this(self, number: int) -> tuple[sa.ColumnElement[bool], ...]:
        return _L.corp_id == self.corp_id, _L.number == number


def _metric(count: int) -> Metric:
    definition = "requests that followed a short link of this content; a preview that fetches the page counts, too"
    return Metric(name="clicks", value=count, unit="count", cases=count, definition=definition)


def _spell(number: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, len(_DIGITS))
        digits = _DIGITS[digit] + digits
    return digits or "0"


def _read(digits: str) -> int | None:
    number = 0
    for one in digits:
        value = _DIGITS.find(one)
        if value < 0:
            return None
        number = number * len(_DIGITS) + value
    return number if number < 2**63 else None
