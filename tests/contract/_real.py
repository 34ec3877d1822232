"""What a real corp is asked, how it is recorded without anything personal, and how that is replayed.

Real cases do not know the corp: they ask, look at the shape of the answers, and go on with what came.
By default nothing is changed; cases that write say so, use names of their own, and take away what they made.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, Self

import httpx
from attrs import field, frozen
from tests.contract._cassettes import REAL, REAL_HOST, real_tape
from tests.contract._play import Play, perform
from tests.contract._scrub import RECORDED_AT, SCRUBBED, Scrubber

from wecom_auto import BASE_URL, WeCom
from wecom_auto.errors import ConflictError, NotFoundError

__all__ = ["CASES", "VARIABLES", "Corp", "MissingVariablesError", "RealCase", "record", "replay"]

VARIABLES: Final[Mapping[str, str]] = {
    "WECOM_AUTO_REAL_CORP_ID": "the corp",
    "WECOM_AUTO_REAL_SECRET": "the secret of an app that may call the customer-contact API",
    "WECOM_AUTO_REAL_USERID": "a member with the customer-contact right, best with a customer and a group",
}
"""What must be set to record."""
ADDRESS: Final = "WECOM_AUTO_REAL_URL"
"""May be set to go through a proxy of one's own."""

USERID: Final = f"userid-{SCRUBBED}"
"""What the member is called on cassettes."""
GROUP, HIGH, LOW, STATE, REMARK = "契约测试", "契约测试·高", "契约测试·低", "contract-test", "契约测试，可以删除"
OWN: Final = frozenset({GROUP, HIGH, LOW, STATE, REMARK})
"""The texts that the writing cases send."""


class MissingVariablesError(Exception):
    """There is nothing to record from."""


@frozen
class Corp:
    """A corp to ask, real or on a cassette."""

    corp_id: str
    secret: str = field(repr=False)
    userid: str
    url: str = BASE_URL

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Self:
        """Return the corp that the environment names.

        Raises:
            MissingVariablesError: It does not name all of it.
        """
        found = os.environ if environment is None else environment
        missing = [f"{name} ({meaning})" for name, meaning in VARIABLES.items() if not found.get(name)]
        if missing:
            msg = f"--record-real asks a real corp and needs to know which; set {', '.join(missing)}"
            raise MissingVariablesError(msg)
        return cls(*(found[name] for name in VARIABLES), found.get(ADDRESS) or BASE_URL)


ON_CASSETTE: Final = Corp(SCRUBBED, SCRUBBED, USERID, REAL_HOST)


@frozen
class RealCase:
    """A case for a corp that nobody set up: it gets the member and the time."""

    play: Callable[[str, datetime], Play]
    writes: bool = False


def follow_users(userid: str, now: datetime) -> Play:
    """The member has the customer-contact right."""
    assert userid in (yield lambda app: app.follow_users.list())


def customers(userid: str, now: datetime) -> Play:
    """Whoever is listed can be read, one by one and in pages."""
    try:
        ids = yield lambda app: app.customers.list(userid)
    except NotFoundError:  # 84061: no customer at all
        return
    detail = yield lambda app: app.customers.get(ids[0])
    assert detail.customer.external_userid == ids[0]
    assert detail.followed_by(userid) is not None or detail.next_cursor
    page = yield lambda app: app.customers.list_by_user([userid], limit=2)
    assert {one.follow.userid for one in page.items} == {userid}
    assert {one.external_userid for one in page.items} <= set(ids)
    if page.next_cursor:
        more = yield lambda app: app.customers.list_by_user([userid], limit=2, cursor=page.next_cursor)
        assert not {one.external_userid for one in more.items} & {one.external_userid for one in page.items}


def tags(userid: str, now: datetime) -> Play:
    """The tag library can be read, whole and by group."""
    library = yield lambda app: app.tags.list()
    assert all(tag.id and tag.name for group in library for tag in group.tags)
    if library:
        (group,) = yield lambda app: app.tags.list(group_ids=[library[0].group_id])
        assert group.group_id == library[0].group_id


def groups(userid: str, now: datetime) -> Play:
    """The member's groups can be listed, and the first of them read."""
    page = yield lambda app: app.groups.list(owners=[userid], limit=2)
    if page.items:
        group = yield lambda app: app.groups.get(page.items[0].chat_id, need_name=True)
        assert (group.chat_id, group.owner) == (page.items[0].chat_id, userid)
        assert userid in {member.userid for member in group.members}


def contact_ways(userid: str, now: datetime) -> Play:
    """Contact ways can be listed, and the first of them read."""
    page = yield lambda app: app.contact_ways.list(start_at=now - timedelta(days=30), end_at=now, limit=2)
    if page.items:
        way = yield lambda app: app.contact_ways.get(page.items[0].config_id)
        assert way.config_id == page.items[0].config_id


def mass_messages(userid: str, now: datetime) -> Play:
    """The mass messages of the last weeks can be listed, with the members and results of the first."""
    start = now - timedelta(days=30)
    page = yield lambda app: app.mass_messages.list(start_at=start, end_at=now, limit=2)
    if page.items:
        msgid = page.items[0].msgid
        members = yield lambda app: app.mass_messages.iter_members(msgid, limit=10)
        if members:
            yield lambda app: app.mass_messages.iter_results(msgid, userid=members[0].userid, limit=10)


def tag_life(userid: str, now: datetime) -> Play:
    """A tag group is made, changed, and deleted."""
    made = yield lambda app: app.tags.create([HIGH], group_name=GROUP)
    try:
        assert [tag.name for tag in made.tags] == [HIGH]
        yield lambda app: app.tags.edit(made.tags[0].id, name=LOW)
        (group,) = yield lambda app: app.tags.list(group_ids=[made.group_id])
        assert [tag.name for tag in group.tags] == [LOW]
    finally:
        yield lambda app: app.tags.delete(group_ids=[made.group_id])


def contact_way_life(userid: str, now: datetime) -> Play:
    """A channel code is made, changed, and deleted; then it is not found."""
    made = yield lambda app: app.contact_ways.create(users=[userid], state=STATE, remark=REMARK)
    try:
        yield lambda app: app.contact_ways.update(made.config_id, state=STATE, remark=GROUP)
        way = yield lambda app: app.contact_ways.get(made.config_id)
        assert (way.users, way.state, way.remark) == ((userid,), STATE, GROUP)
    finally:
        yield lambda app: app.contact_ways.delete(made.config_id)
    try:
        yield lambda app: app.contact_ways.get(made.config_id)
    except (NotFoundError, ConflictError):
        return
    raise AssertionError


_READS = (follow_users, customers, tags, groups, contact_ways, mass_messages)
_WRITES = (tag_life, contact_way_life)
CASES: Final[Mapping[str, RealCase]] = {
    **{case.__name__: RealCase(case) for case in _READS},
    **{case.__name__: RealCase(case, writes=True) for case in _WRITES},
}


def record(name: str, corp: Corp, *, now: datetime, folder: Path = REAL) -> Path:
    """Ask a corp what a case asks, and write the scrubbed cassette; a case that fails leaves none.

    Args:
        name: The case.
        corp: Who is asked.
        now: The present; on the cassette it is `RECORDED_AT`.
        folder: Where cassettes lie.
    """
    file = folder / f"{name}.yaml"
    scrubber = Scrubber(now=now, known={corp.userid: USERID}, own=OWN)
    try:
        with real_tape(file, scrubber=scrubber, day=f"{now:%Y-%m-%d}"), httpx.Client() as http:
            _play(name, corp, now, http=http)
    except BaseException:
        file.unlink(missing_ok=True)
        raise
    return file


def replay(name: str, folder: Path = REAL) -> bool:
    """Play a case on its cassette; return whether everything that was recorded was asked again."""
    # Nothing here speaks TLS, and loading the certificates takes longer than a case.
    with real_tape(folder / f"{name}.yaml", scrubber=None) as played, httpx.Client(verify=False) as http:  # noqa: S501
        _play(name, ON_CASSETTE, RECORDED_AT, http=http, sleep=lambda _seconds: None)
        return bool(played.all_played)


def _play(name: str, corp: Corp, now: datetime, **options: Any) -> None:
    with WeCom(corp.corp_id, corp.secret, base_url=corp.url, **options) as app:
        perform(CASES[name].play(corp.userid, now), app)
