"""Pictures of a definition: Mermaid text and an SVG timeline. Needs no browser, draws nothing that is not in it.

Both are pure functions of the canonical document, so a review shows the difference of the picture too.
"""

from __future__ import annotations

import html
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Final, Literal

from wecom_auto._types import JSON
from wecom_auto.sop._document._actions import (
    Branch,
    Goto,
    Moment,
    MovePool,
    Notice,
    SetStage,
    StaffConfirmed,
    StaffTask,
    Tag,
    Untag,
    Webhook,
)
from wecom_auto.sop._document._jumps import falls_through
from wecom_auto.sop._document._policies import Target
from wecom_auto.sop._document._timing import format_duration
from wecom_auto.sop.definition import Definition, Exit, Step

__all__ = ["mermaid", "svg"]

_ROW: Final = 58
_TOP: Final = 104
_WIDTH: Final = 860
_AXIS: Final = 170
_UNITS: Final = 92
"""How many half-width characters fit beside the axis."""
_LANE: Final = 14
_LANES: Final = 12
"""How many branches are drawn; every branch is written beside its step in any case."""
_RESERVED: Final = {
    "E",
    "P",
    "end",
    "graph",
    "subgraph",
    "style",
    "class",
    "click",
    "default",
    "flowchart",
    "linkStyle",
}
_Class = Literal["server", "confirm", "task"]
_CLASSES: Final[dict[_Class, str]] = {"server": "自动执行", "confirm": "员工确认", "task": "人工任务"}
_TARGETS: Final = {Target.GROUP: "客户群", Target.MOMENT: "朋友圈", Target.STAFF: "员工"}
_STYLE: Final = """
.sop{--ink:#1c2430;--soft:#5d6b7c;--line:#c4ccd6;--paper:#fff;--server:#2f7d5b;--confirm:#c46a12;--task:#7a4fb5;
--exit:#b3354a}
@media (prefers-color-scheme:dark){.sop{--ink:#e8edf3;--soft:#a3b0bf;--line:#4a5666;--paper:#151b23;--server:#5cc795;
--confirm:#f0a457;--task:#b795ea;--exit:#f08497}}
.sop text{fill:var(--ink);font:14px system-ui,"PingFang SC","Microsoft YaHei","Noto Sans CJK SC",sans-serif}
.sop .paper{fill:var(--paper)}.sop .line{stroke:var(--line);stroke-width:2}
.sop .h{font-size:19px;font-weight:600}.sop .b{font-weight:600}.sop .s{fill:var(--soft);font-size:12px}
.sop .server{fill:var(--server)}.sop .confirm{fill:var(--confirm)}.sop .task{fill:var(--task)}
.sop .exit{fill:none;stroke:var(--exit);stroke-width:1.5}
.sop .jump{fill:none;stroke:var(--soft);stroke-width:1.5;stroke-dasharray:4 3}.sop .head{fill:var(--soft)}
.sop .anchor{fill:var(--paper);stroke:var(--ink);stroke-width:2}
"""


def mermaid(definition: Definition) -> str:
    """The flow as Mermaid text, which Git hosting and the docs draw.

    Solid arrows follow the order of the steps; dotted ones are branches, with the condition under which they are taken.

    Args:
        definition: Any definition; everything in it is escaped.
    """
    names = _node_names(definition)
    lines = ["flowchart LR"]
    before: str | None = f'E(["{_quoted(_entry(definition))}"])'
    for step in definition.steps:
        guard = _guard(step)
        arrow = f'-->|"{_quoted(guard)}"|' if guard else "-->"
        node = f'{names[step.id]}["{step.at}<br/>{_quoted(_caption(step))}"]'
        lines.append(f"  {node}" if before is None else f"  {before} {arrow} {node}")
        before = names[step.id] if falls_through(step) else None
    lines += [
        f'  {names[step.id]} -. "{_quoted(label)}" .-> {names[target]}'
        for step in definition.steps
        for label, target in _jumps(step)
    ]
    lines += [f'  P["{_quoted(rules)}"]' for rules in _policy(definition)]
    lines += [f'  X{index}{{{{"{_quoted(_exit(item))}"}}}}' for index, item in enumerate(definition.exits)]
    return "\n".join(lines) + "\n"


def svg(definition: Definition) -> str:
    """The steps on a time axis, with guards and exits; readable on light and dark pages.

    Args:
        definition: Any definition; everything in it is escaped.

    Returns:
        One `<svg>` element that can stand alone or inside HTML. It loads nothing and runs nothing.
    """
    rows, jumps = list(_rows(definition)), _lanes(definition)
    width = _WIDTH + _LANE * (len(jumps) + 1 if jumps else 0)
    rules = [_rules(definition), *_policy(definition)]
    top = _TOP + 18 * (len(rules) - 1)
    bottom = top + _ROW * len(rows)
    height = bottom + 34 * len(definition.exits) + 24
    body = "".join(draw for index, row in enumerate(rows) for draw in _row(row, top + _ROW * index))
    at = {row.id: top + _ROW * index for index, row in enumerate(rows) if isinstance(row, Step)}
    body += "".join(_arc(at[source], at[target], lane) for lane, (source, target) in enumerate(jumps))
    exits = "".join(_exit_box(item, bottom + 34 * index) for index, item in enumerate(definition.exits))
    title = html.escape(f"{definition.title} · {definition.sop} v{definition.version}")
    notes = "".join(_text(24, 60 + 18 * index, line, "s") for index, line in enumerate(rules))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="sop" viewBox="0 0 {width} {height}" role="img" '
        f'aria-label="{title}" width="100%" style="max-width:{width}px">\n<style>{_STYLE}</style>\n'
        f'<rect class="paper" width="{width}" height="{height}" rx="8"/>\n'
        f'<text class="h" x="24" y="36">{title}</text>\n{notes}{_legend()}'
        f'<line class="line" x1="{_AXIS}" y1="{top - 14}" x2="{_AXIS}" y2="{bottom - 26}"/>\n{body}{exits}</svg>\n'
    )


def _rows(definition: Definition) -> Iterator[Step | str]:
    """The steps by time, with the anchor among them when steps come before it."""
    steps = sorted(definition.steps, key=lambda step: step.at.approximate)
    yield _entry(definition)
    anchor = definition.entry.anchor
    for index, step in enumerate(steps):
        before = index == 0 or steps[index - 1].at.before_anchor
        if anchor is not None and before and not step.at.before_anchor:
            yield f"锚点: {anchor}"
        yield step


def _row(row: Step | str, y: int) -> Iterator[str]:
    if isinstance(row, str):
        yield f'<circle class="anchor" cx="{_AXIS}" cy="{y}" r="6"/>\n'
        yield _text(_AXIS + 22, y + 5, row, "b")
        return
    yield f'<circle class="{_class(row)}" cx="{_AXIS}" cy="{y}" r="8"/>\n'
    yield f'<text class="b" x="{_AXIS - 22}" y="{y + 5}" text-anchor="end">{row.at}</text>\n'
    yield _text(_AXIS + 22, y + 5, _caption(row), "b")
    guard = _guard(row)
    turns = (f"{label} → {target}" for label, target in _jumps(row))
    details = (*row.contents, *_names(row), *turns, f"如果 {guard}" if guard else "")
    yield _text(_AXIS + 22, y + 25, " · ".join(filter(None, details)), "s")


def _lanes(definition: Definition) -> list[tuple[str, str]]:
    """The jumps that are drawn beside the timeline, each in a lane of its own: the shortest inside."""
    places = {step.id: place for place, step in enumerate(definition.steps)}
    jumps = [(step.id, target) for step in definition.steps if step.jump is not None for target in step.jump.targets]
    return sorted(jumps, key=lambda jump: places[jump[1]] - places[jump[0]])[:_LANES]


def _arc(start: int, end: int, lane: int) -> str:
    """From just below one row to just above another, so that what leaves a row does not cover what comes in."""
    x, right, out, back = _WIDTH - 12, _WIDTH + _LANE * (lane + 1), start + 5, end - 5
    line = f"M{x} {out}H{right - 6}q6 0 6 6V{back - 6}q0 6 -6 6H{x + 6}"
    return f'<path class="jump" d="{line}"/>\n<path class="head" d="M{x} {back}l8 -4v8z"/>\n'


def _exit_box(item: Exit, y: int) -> str:
    box = f'<rect class="exit" x="24" y="{y - 10}" width="{_WIDTH - 48}" height="26" rx="13"/>\n'
    return box + _text(42, y + 8, _exit(item), "s")


def _legend() -> str:
    parts: list[str] = []
    for index, (name, words) in enumerate(_CLASSES.items()):
        x = _WIDTH - 280 + index * 90
        parts.append(f'<circle class="{name}" cx="{x}" cy="32" r="6"/>\n{_text(x + 11, 36, words, "s")}')
    return "".join(parts)


def _text(x: int, y: int, text: str, style: str) -> str:
    short = _cut(text, _UNITS + (_AXIS + 22 - x) // 7)
    tooltip = f"<title>{html.escape(text)}</title>" if short != text else ""
    return f'<text class="{style}" x="{x}" y="{y}">{tooltip}{html.escape(short)}</text>\n'


def _cut(text: str, units: int) -> str:
    used = 0
    for index, char in enumerate(text):
        used += 2 if unicodedata.east_asian_width(char) in "WF" else 1
        if used > units:
            return text[: index - 1] + "…"
    return text


def _rules(definition: Definition) -> str:
    window = definition.window
    allow = " ".join(map(str, window.allow)) or "全天"
    late = format_duration(window.late)
    return f"{definition.timezone} · {allow} · {window.holidays} ({window.shift}) · 逾期 {late} 不补发"


def _caption(step: Step) -> str:
    labels = ", ".join(step.labels)
    arms = "" if step.ab is None else f" ({' / '.join(f'{arm} {weight}' for arm, weight in step.ab.weights)})"
    return step.id if step.labels == (step.id,) else f"{step.id}: {labels}{arms}"


def _entry(definition: Definition) -> str:
    target = "" if definition.target is Target.CUSTOMER else f" ({_TARGETS[definition.target]})"
    return f"进入{target}: {definition.entry.on}"


def _policy(definition: Definition) -> Iterator[str]:
    """What the policy says beyond its defaults, in one line; nothing if it says nothing."""
    said = {"category": definition.category} if definition.category else {}
    rules = said | definition.policy.document()
    if rules:
        yield "策略: " + " · ".join(f"{key} {_value(value)}" for key, value in rules.items())


def _value(value: JSON) -> str:
    if isinstance(value, Mapping):
        return "/".join(f"{key} {count}" for key, count in value.items())
    return str(value).lower() if isinstance(value, bool) else str(value)


def _jumps(step: Step) -> Iterator[tuple[str, str]]:
    """Where a step can go on instead of with the next one, and when."""
    match step.jump:
        case Branch(cases=cases):
            yield from (("否则" if case.when is None else case.when.text, case.goto) for case in cases)
        case Goto(step=target):
            yield "跳转", target
        case _:
            pass


def _guard(step: Step) -> str:
    wait = "" if step.wait is None else f"wait {step.wait.until.text}, max {format_duration(step.wait.max)}"
    return " · ".join(part for part in (wait, "" if step.when is None else step.when.text) if part)


def _exit(item: Exit) -> str:
    return f"退出{' · 目标' if item.goal else ''}: {item.when.text}"


def _names(step: Step) -> Iterator[str]:
    for action in step.do:
        match action:
            case Tag(name=name) | Untag(name=name) | MovePool(pool=name) | SetStage(name=name) | Webhook(name=name):
                yield name
            case Notice(text=name):
                yield name
            case StaffTask(title=name, role=role):
                yield f"{name}（{role}）" if role else name
            case Moment(visible=tags) if tags:
                yield f"可见: {' '.join(tags)}"
            case _:
                pass


def _class(step: Step) -> _Class:
    if any(isinstance(action, StaffConfirmed) for action in step.do):
        return "confirm"
    return "task" if any(isinstance(action, StaffTask) for action in step.do) else "server"


def _node_names(definition: Definition) -> dict[str, str]:
    """Names that Mermaid accepts: letters, digits and underscores, no keyword, no two alike."""
    names: dict[str, str] = {}
    taken = {f"X{index}" for index in range(len(definition.exits))} | _RESERVED
    for step in definition.steps:
        name = "".join(char if char.isalnum() else "_" for char in step.id)
        while name in taken:
            name += "_"
        taken.add(name)
        names[step.id] = name
    return names


def _quoted(text: str) -> str:
    """Text inside a quoted Mermaid label: entities for what would end the label or start markup."""
    return (
        text.replace("#", "#35;").replace('"', "#quot;").replace("<", "#lt;").replace(">", "#gt;").replace("`", "#96;")
    )
