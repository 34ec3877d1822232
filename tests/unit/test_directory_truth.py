# ruff: noqa: D102  # what the acts do is in their names
"""Whatever order events and answers arrive in, a quiet whole read brings the mirror to the truth."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.stores import memory_store

from wecom_auto.directory import Directory, RelationStatus
from wecom_auto.errors import WeComError
from wecom_auto.testing import FakeWeCom

MEMBERS = ("zhangsan", "lisi")
PEOPLE = range(3)

acts = st.one_of(
    st.tuples(
        st.sampled_from(["befriend", "delete", "remark", "mark"]), st.sampled_from(MEMBERS), st.sampled_from(PEOPLE)
    ),
    st.tuples(st.sampled_from(["join", "quit"]), st.integers(0, 1), st.sampled_from(PEOPLE)),
    st.tuples(st.just("dismiss"), st.integers(0, 1), st.just(0)),
    st.tuples(st.just("wait"), st.sampled_from([1, 60, 5000]), st.just(0)),
    st.tuples(
        st.sampled_from(["ask", "ask group", "told", "told with client", "sync", "sync new"]),
        st.just(0),
        st.integers(0, 99),
    ),
)


class Play:
    """A corp, its mirror, and what is still on its way to it: callbacks, and answers that somebody asked for."""

    def __init__(self) -> None:
        self.corp = FakeWeCom(seed=1)
        for member in MEMBERS:
            self.corp.add_member(member)
        self.client = self.corp.client()
        self.people = [self.corp.add_customer(followed_by=MEMBERS).external_userid for _ in PEOPLE]
        self.groups = [self.corp.create_group(MEMBERS[0], f"{number}群").chat_id for number in range(2)]
        self.tag = self.corp.add_tag("阶段", "到店")
        self.ways = {one: self.client.contact_ways.create(users=[one]).config_id for one in MEMBERS}
        self.mirror = Directory(memory_store(), self.corp.corp_id, clock=self.corp.clock.time)
        self.waiting: list[Callable[[], object]] = []

    def act(self, what: str, first: int | str, second: int) -> None:
        """Let one thing happen; what cannot happen does not."""
        with suppress(WeComError, LookupError, ValueError):
            getattr(self, "do_" + what.replace(" ", "_"))(first, second)

    def do_befriend(self, member: str, who: int) -> None:
        self.corp.scan(self.ways[member], customer=self.people[who])

    def do_delete(self, member: str, who: int) -> None:
        self.corp.delete_customer(member, self.people[who])

    def do_remark(self, member: str, who: int) -> None:
        self.corp.staff_remarks(member, self.people[who], remark=f"备注{len(self.corp.events)}")

    def do_mark(self, member: str, who: int) -> None:
        self.corp.staff_marks_tag(member, self.people[who], add=[self.tag])

    def do_join(self, group: int, who: int) -> None:
        self.corp.join_group(self.groups[group], self.people[who], invited_by=MEMBERS[0])

    def do_quit(self, group: int, who: int) -> None:
        self.corp.quit_group(self.groups[group], self.people[who])

    def do_dismiss(self, group: int, _: int) -> None:
        self.corp.dismiss_group(self.groups[group])

    def do_wait(self, seconds: int, _: int) -> None:
        self.corp.clock.advance(seconds=seconds)

    def do_ask(self, _: int, who: int) -> None:
        answer, asked = self.client.customers.get(self.people[who % 3]), self.corp.clock.now()
        self.waiting.append(lambda: self.mirror.upsert_customer(answer, as_of=asked, complete=True))

    def do_ask_group(self, _: int, which: int) -> None:
        answer, asked = self.client.groups.get(self.groups[which % 2], need_name=True), self.corp.clock.now()
        self.waiting.append(lambda: self.mirror.upsert_groups([answer], as_of=asked))

    def do_told(self, _: int, which: int) -> None:
        self.mirror.apply(self.corp.events[which % len(self.corp.events)])

    def do_told_with_client(self, _: int, which: int) -> None:
        if self.waiting and which % 2:
            self.waiting.pop(which % len(self.waiting))()
        else:
            self.mirror.apply(self.corp.events[which % len(self.corp.events)], self.client)

    def do_sync(self, _: int, __: int) -> None:
        self.mirror.sync(self.client)

    def do_sync_new(self, _: int, __: int) -> None:
        self.mirror.sync(self.client, whole=False)

    def truth(self) -> object:
        """Return what the platform says now."""
        return known(self.fresh())

    def fresh(self) -> Directory:
        """Return a mirror that knows nothing but what the platform says now."""
        mirror = Directory(memory_store(), self.corp.corp_id, clock=self.corp.clock.time)
        mirror.sync(self.client)
        return mirror


def known(mirror: Directory) -> object:
    """Return what a mirror says of the present, and close it."""
    friends: set[tuple[str, str, str, frozenset[str], datetime | None]] = set()
    for one in mirror.external_userids():
        for f in mirror.facts(one).followers:
            if f.relation.status is not RelationStatus.DELETED:
                friends.add((one, f.userid, f.relation.remark, f.tags, f.relation.added_at))
    rooms = {
        one.chat_id: {(m.userid, m.joined_at) for m in mirror.group_members(one.chat_id)} for one in mirror.groups()
    }
    found = friends, rooms, {one.config_id for one in mirror.ways()}, mirror.tag_groups()
    mirror.engine.dispose()
    return found


@pytest.mark.slow
@settings(max_examples=120)
@given(st.lists(acts, max_size=30))
def test_a_quiet_whole_read_ends_in_the_truth(story):
    """Any life, heard of in any order, late, twice or never, with answers that overtake each other."""
    play = Play()
    for act in story:
        play.act(*act)
    for late in play.waiting:
        late()
    play.corp.clock.advance(hours=2)
    play.mirror.sync(play.client)
    assert known(play.mirror) == play.truth()
