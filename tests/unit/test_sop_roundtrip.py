"""Any definition of the whole vocabulary is the same from TOML, from JSON and from builders."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from wecom_auto.sop.builders import Exit, Sop, Step
from wecom_auto.sop.definition import Definition
from wecom_auto.sop.diff import diff

NAMES = st.sampled_from(["a", "潜客", "x y", "it's", "1.10", "no"])
SPANS = st.sampled_from(["30min", "4h", "2d", "48h"])
CONDITIONS = st.sampled_from(["tag('t')", "not event('e') or attr('n') > 3", "attr('stage') == 'hot'", "unfollowed()"])
TRIGGERS = {
    "customer": [
        "customer.added", "tag.added:t", "event:e", "stage.entered:s", "group.joined", "vehicle:delivered", "birthday",
        "calendar:2026-10-01", "calendar:weekly sun, mon", "calendar:monthly 31", "import", "manual",
    ],
    "group": ["group.created", "calendar:monthly 1", "manual"],
    "moment": ["calendar:weekly fri", "manual"],
    "staff": ["birthday", "attribute.set:joined", "manual"],
}  # fmt: skip
TASKS = st.one_of(
    NAMES,
    st.fixed_dictionaries(
        {"title": NAMES},
        optional={
            "kind": st.sampled_from(["call", "kick", "other"]),
            "role": NAMES,
            "done": CONDITIONS,
            "evidence": st.sampled_from(["text", "none"]),
        },
    ),
)
ACTIONS = {
    "customer": {"mass": NAMES, "tag": st.one_of(NAMES, st.lists(NAMES, min_size=1, max_size=2)), "move_pool": NAMES},
    "group": {"group": NAMES, "stage": NAMES},
    "moment": {"moment": NAMES},
    "staff": {"stage": NAMES},
}
ANY_ACTION = {"staff_task": TASKS, "notice": NAMES, "webhook": NAMES}
POLICIES = st.fixed_dictionaries(
    {},
    optional={
        "concurrency": st.sampled_from(["free", "one_per_customer", "one_per_category"]),
        "on_conflict": st.sampled_from(["defer", "drop", "merge"]),
        "fatigue": st.fixed_dictionaries({}, optional={"day": st.integers(1, 9), "month": st.integers(1, 99)}),
        "gap": SPANS,
        "purpose": st.sampled_from(["marketing", "service", "legal"]),
        "consent": NAMES,
        "on_edit": st.sampled_from(["finish", "migrate", "restart"]),
        "on_transfer": st.sampled_from(["rebind", "pause", "end"]),
        "on_absence": st.sampled_from(["backup", "supervisor", "hold"]),
        "on_unconfirmed": st.sampled_from(["expire", "staff_task", "reassign"]),
        "allow_split": st.booleans(),
    },
)
WINDOWS = st.fixed_dictionaries(
    {}, optional={"allow": st.just(["09:00-12:00"]), "late": st.just("drop after 1d"), "spread": st.just("2d")}
)


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """A document as people write it, with every key that its target has."""
    target = draw(st.sampled_from(sorted(TRIGGERS)))
    steps = [draw_step(draw, target, index) for index in range(draw(st.integers(1, 4)))]
    for index, step in enumerate(steps[:-1]):
        later = [other["id"] for other in steps[index + 1 :]]
        case = {"if": draw(CONDITIONS), "goto": later[0]}
        jumps: list[dict[str, Any]] = [
            {},
            {"goto": later[-1]},
            {"branch": [case]},
            {"branch": [case, {"goto": later[-1]}]},
        ]
        step["do"].update(draw(st.sampled_from(jumps)))
    head = {
        "sop": "x",
        "version": draw(st.integers(1, 99)),
        "title": draw(NAMES),
        "target": target,
        "category": draw(NAMES),
    }
    entry = {"on": draw(st.sampled_from(TRIGGERS[target])), **draw(st.sampled_from([{}, {"reentry": "always"}]))}
    exits = draw(st.lists(st.fixed_dictionaries({"when": CONDITIONS}, optional={"goal": st.booleans()}), max_size=2))
    return {
        **head,
        "target": target,
        "policy": draw(POLICIES),
        "entry": entry,
        "window": draw(WINDOWS),
        "exit": exits,
        "step": steps,
    }


def draw_step(draw: st.DrawFn, target: str, index: int) -> dict[str, Any]:
    """One step, due after the one before it."""
    known = ACTIONS[target] | ANY_ACTION
    keys = draw(st.lists(st.sampled_from(sorted(known)), min_size=1, max_size=3, unique=True))
    do = {key: draw(known[key]) for key in keys}
    if "moment" in do:
        do["visible"] = draw(st.sampled_from(["t", ["t", "u"]]))
    if {"mass", "group", "moment", "staff_task"} & do.keys():
        do |= draw(st.sampled_from([{}, {"remind_staff": "4h"}, {"escalate": "24h"}]))
    more = st.fixed_dictionaries(
        {}, optional={"if": CONDITIONS, "wait": st.just({"for": "event('e')", "max": "3d"}), "window": WINDOWS}
    )
    return {"id": f"s{index}", "at": f"+{index}d 10:00", "do": do, **draw(more)}


def toml(document: dict[str, Any]) -> str:
    """The document as TOML with inline tables."""
    return "".join(f"{key} = {_toml(value)}\n" for key, value in document.items())


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {_toml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    return json.dumps(value, ensure_ascii=False)


def built(document: dict[str, Any]) -> Definition:
    """The document through the builders."""
    named = {key: document[key] for key in ("target", "category", "policy", "entry", "window")}
    return Sop(
        document["sop"],
        document["version"],
        document["title"],
        **named,
        exits=[Exit(item["when"], goal=item.get("goal", False)) for item in document["exit"]],
        steps=[
            Step(item["id"], item["at"], do=item["do"], when=item.get("if"), **_optional(item, "wait", "window"))
            for item in document["step"]
        ],
    )


def _optional(item: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: item[key] for key in keys if key in item}


@settings(max_examples=200)
@given(documents())
def test_any_definition_is_the_same_whoever_wrote_it(document: dict[str, Any]) -> None:
    """TOML, JSON, the canonical JSON read again and the builders make the same bytes."""
    made = Definition.from_document(document)
    assert Definition.from_toml(toml(document)).to_json() == made.to_json()
    assert Definition.from_json(json.dumps(document)).to_json() == made.to_json()
    assert built(document).to_json() == made.to_json()
    again = Definition.from_json(made.to_json())
    assert (again, again.digest, again.to_json()) == (made, made.digest, made.to_json())
    assert not diff(made, again)
