"""Whatever happens: no group receives content of a step that it is not in, nor any content twice."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from datetime import timedelta

import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit._sop_stage import close_stages
from tests.unit.test_group_sops import CREATE, group_sop, opened, post

from wecom_auto.sop._rows import _tables as t

FAULTS = [{"reset": "before"}, {"reset": "after"}, {"late_busy": True}, {"status": 500}, {"errcode": 45009}]
SOPS = {
    "one": group_sop("one", post("a1", "+0d 10:00", "a") + post("a2", "+1d 10:00", "b")),
    "two": group_sop("two", post("b1", "+0d 10:00", "b") + post("b2", "+2d 10:00", "c")),
}
TEXTS = {"a1": "内容 a", "a2": "内容 b", "b1": "内容 b", "b2": "内容 c"}
LIMITS = Counter(TEXTS.values())
HAPPENINGS = st.lists(
    st.tuples(
        st.sampled_from(["fault", "dismiss", "freeze", "thaw", "pause", "resume", "forget", "leave"]),
        st.integers(0, 3),
        st.integers(1, 30),
    ),
    max_size=6,
)


def let(stage, what, chat_id):
    """Let something happen to the corp."""
    runner, now = stage.runner, stage.now
    match what:
        case "fault":
            stage.fake.fail_next(CREATE, **FAULTS[len(stage.fake.calls(CREATE)) % len(FAULTS)])
        case "dismiss":
            stage.fake.dismiss_group(chat_id)
            stage.directory.apply(stage.fake.events[-1], stage.fake.client())
            runner.on_event(stage.fake.events[-1], now)
        case "freeze" | "thaw":
            runner.set_attribute(chat_id, "frozen", what == "freeze", now, target="group")
        case "pause":
            runner.pause("one", now)
        case "resume":
            runner.resume("one", now)
        case "forget":
            stage.fake.forget("zhang")
        case _:
            stage.fake.leave("li")
            runner.member_left("li", now)


@settings(max_examples=25)
@given(st.lists(st.sampled_from(["one", "two", "both"]), min_size=4, max_size=4), HAPPENINGS)
def test_no_group_gets_what_it_is_not_in(choices, happenings):
    """Groups in one SOP, the other, or both; owners forget and leave, groups dissolve and freeze, calls get lost."""
    stage = opened(gap=timedelta(0))
    try:
        owners = ("zhang", "zhang", "li", "li")
        chat_ids = [stage.fake.create_group(owner, "群").chat_id for owner in owners]
        stage.directory.sync(stage.fake.client())
        stage.publish(*SOPS.values())
        wanted: set[tuple[str, str]] = set()
        for chat_id, choice in zip(chat_ids, choices, strict=True):
            for name in SOPS if choice == "both" else [choice]:
                stage.runner.enrol(name, chat_id, now=stage.now)
                wanted |= {(chat_id, TEXTS[step.id]) for step in SOPS[name].steps}
        for what, which, hours in happenings:
            with suppress(LookupError):
                let(stage, what, chat_ids[which])
            stage.run_until_idle(days=hours / 24)
            stage.tick(hours=hours)
        stage.run_until_idle()
        sent = received(stage)
        assert set(sent) <= wanted
        # Text b stands in a step of each SOP: whoever is in both may get it twice, and nobody any other.
        assert all(times <= LIMITS[text] for (_, text), times in sent.items())
        with stage.directory.engine.connect() as connection:
            twice = sa.select(t.touches.c.batch_id, t.touches.c.external_userid).where(
                t.touches.c.batch_id.is_not(None)
            )
            rows = Counter(tuple(row) for row in connection.execute(twice))
        assert max(rows.values(), default=1) == 1
    finally:
        close_stages()


def received(stage):
    """How often each group got each text, by the fake's own books."""
    tasks = [task for msgid in stage.fake.mass_messages() for task in stage.fake.mass_tasks(msgid)]
    return Counter((one.target, task.text) for task in tasks for one in task.recipients if one.status == 1)
