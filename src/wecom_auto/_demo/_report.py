"""Draw the report: one HTML file with its pictures inside, readable without network, light and dark. Counts nothing."""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Final

from wecom_auto._demo._tally import Outcome
from wecom_auto._demo._world import MAKER
from wecom_auto._time import CHINA
from wecom_auto.sop import ChinaCalendar, Definition, reason_text
from wecom_auto.sop.diagram import svg

_WIDTH: Final = 960
_LEFT: Final = 46
_RIGHT: Final = 22
_TOP: Final = 34
_PLOT: Final = 190
_BELOW: Final = 50
_SERIES: Final = (
    ("sent", "mass messages that arrived"),
    ("welcome", "welcome messages"),
    ("unconfirmed", "not confirmed by the member"),
    ("added", "customers added"),
)
_CHART_STYLE: Final = """
.chart{--ink:#1c2430;--soft:#5d6b7c;--line:#d5dbe3;--sent:#2563c9;--welcome:#63a4f4;--unconfirmed:#c46a12;--added:#2f7d5b;
--off:#eef1f5}
@media (prefers-color-scheme:dark){.chart{--ink:#e8edf3;--soft:#a3b0bf;--line:#3a4554;--sent:#6ea2f7;--welcome:#2f5f9e;
--unconfirmed:#f0a457;--added:#5cc795;--off:#1d2530}}
.chart text{fill:var(--soft);font:12px system-ui,"PingFang SC","Microsoft YaHei","Noto Sans CJK SC",sans-serif}
.chart .grid{stroke:var(--line);stroke-width:1}.chart .off{fill:var(--off)}
.chart .sent{fill:var(--sent)}.chart .welcome{fill:var(--welcome)}.chart .unconfirmed{fill:var(--unconfirmed)}
.chart .added{fill:none;stroke:var(--added);stroke-width:2;stroke-linejoin:round}.chart rect.added{fill:var(--added)}
"""
_PAGE_STYLE: Final = """
:root{color-scheme:light dark;--ink:#1c2430;--soft:#5d6b7c;--line:#d5dbe3;--paper:#fff;--card:#f5f7fa;--bar:#2563c9;
--good:#1d7a4d;--bad:#b3354a}
@media (prefers-color-scheme:dark){:root{--ink:#e8edf3;--soft:#a3b0bf;--line:#3a4554;--paper:#12171e;--card:#1a212b;
--bar:#6ea2f7;--good:#5cc795;--bad:#f08497}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:1040px;padding:32px 24px 64px;background:var(--paper);color:var(--ink);
font:15px/1.55 system-ui,"PingFang SC","Microsoft YaHei","Noto Sans CJK SC",sans-serif}
h1{font-size:26px;margin:0 0 4px}h2{font-size:18px;margin:36px 0 10px}p{margin:6px 0}.soft{color:var(--soft)}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(205px,1fr));gap:12px;margin-top:22px}
.tile{background:var(--card);border-radius:10px;padding:14px 16px}
.tile b{display:block;font-size:26px;line-height:1.2}.tile span{color:var(--soft);font-size:13px}
.good{color:var(--good)}.bad{color:var(--bad)}
table{border-collapse:collapse;width:100%;font-size:14px}
th,td{text-align:left;padding:6px 10px;border-bottom:1px solid var(--line);vertical-align:top}
th{color:var(--soft);font-weight:500}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}
.funnel{display:grid;grid-template-columns:64px 1fr 110px;gap:8px 12px;align-items:center}
.funnel i{display:block;height:26px;border-radius:5px;background:var(--bar)}
.scroll{overflow-x:auto}.scroll svg{max-width:100%;height:auto}
details{margin:10px 0}summary{cursor:pointer}code{font-size:13px}
"""


def timeline(outcome: Outcome) -> str:
    """Draw the days: what arrived, what nobody confirmed, who came; shaded where nobody has to work."""
    first = outcome.start.astimezone(CHINA).date()
    days = [first + timedelta(days=number) for number in range(outcome.days + 1)]
    step = (_WIDTH - _LEFT - _RIGHT) / len(days)
    most = max(1, *(_up(outcome, day) for day in days), *(_of(outcome, "added", day) for day in days))
    down = max(1, *(_of(outcome, "unconfirmed", day) for day in days))
    base, scale = _TOP + _PLOT, _PLOT / most
    parts = [*_shades(days, step, base), *_grid(most, scale, base)]
    for number, day in enumerate(days):
        x, width = _LEFT + number * step, max(1.0, step - 1.5)
        sent, welcome = _of(outcome, "sent", day) * scale, _of(outcome, "welcome", day) * scale
        lost = _of(outcome, "unconfirmed", day) * _BELOW / down if _of(outcome, "unconfirmed", day) else 0
        parts += [
            _rect("sent", x, base - sent, width, sent),
            _rect("welcome", x, base - sent - welcome, width, welcome),
            _rect("unconfirmed", x, base + 1, width, lost),
        ]
    points = " ".join(
        f"{_LEFT + (number + 0.5) * step:.1f},{base - _of(outcome, 'added', day) * scale:.1f}"
        for number, day in enumerate(days)
    )
    parts.append(f'<polyline class="added" points="{points}"/>')
    parts += [*_dates(days, step, base), *_legend()]
    height = base + _BELOW + 30
    return (
        f'<svg class="chart" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img" '
        f'aria-label="What happened on each day"><style>{_CHART_STYLE}</style>{"".join(filter(None, parts))}</svg>\n'
    )


def write_report(outcome: Outcome, definitions: Sequence[Definition]) -> str:
    """Write the whole page."""
    title = f"{MAKER} · {outcome.days} days of WeCom"
    body = [
        f"<h1>{_t(title)}</h1>",
        f'<p class="soft">{_t(_subtitle(outcome))}</p>',
        _tiles(outcome),
        "<h2>Funnel</h2>",
        _funnel(outcome),
        "<h2>Day by day</h2>",
        f'<div class="scroll">{timeline(outcome)}</div>',
        '<p class="soft">Grey days are days off. A mass message leaves only when the member taps.</p>',
        "<h2>Why something was not sent</h2>",
        _reasons(outcome),
        "<h2>Alerts</h2>",
        _alerts(outcome),
        f"<h2>Rows refused: {len(outcome.leads.refused)} of {outcome.leads.rows}</h2>",
        _refused(outcome),
        "<h2>Bad luck that was injected</h2>",
        _faults(outcome),
        "<h2>Prospect groups</h2>",
        _table(("Group", "Customers"), [(name, str(size)) for name, size in outcome.groups.items()], numbers=(1,)),
        "<h2>SOPs that ran</h2>",
        *(
            f"<details><summary>{_t(one.title)}</summary><div class='scroll'>{svg(one)}</div></details>"
            for one in definitions
        ),
    ]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{_t(title)}</title><style>{_PAGE_STYLE}</style></head><body>\n"
        + "\n".join(body)
        + "\n</body></html>\n"
    )


def _subtitle(outcome: Outcome) -> str:
    start, end = outcome.start.astimezone(CHINA), outcome.end.astimezone(CHINA)
    return (
        f"{start:%Y-%m-%d} to {end:%Y-%m-%d}, seed {outcome.seed}. A car maker that does not exist, "
        f"on a fake platform: {outcome.requests} requests and {outcome.callbacks} encrypted callbacks over HTTP."
    )


def _tiles(outcome: Outcome) -> str:
    proof = "good" if outcome.clean else "bad"
    tiles = (
        (outcome.leads.rows, "rows in the lead list", ""),
        (outcome.customers_added, "customers added 加微", ""),
        (outcome.touches.sent, "messages that arrived", ""),
        (outcome.tasks_created, "mass-message tasks", ""),
        (outcome.touches.unconfirmed, "not confirmed by staff", ""),
        (outcome.duplicates, "sent twice", proof if outcome.duplicates else "good"),
        (outcome.lost.total, "lost", proof if outcome.lost.total else "good"),
        (len(outcome.alerts), "alerts", ""),
    )
    cells = (
        f'<div class="tile"><b class="{mood}">{number}</b><span>{_t(text)}</span></div>' for number, text, mood in tiles
    )
    return f'<div class="tiles">{"".join(cells)}</div>'


def _funnel(outcome: Outcome) -> str:
    whole = max(1, outcome.funnel[0][1])
    rows = (
        f'<span>{_t(name)}</span><i style="width:{max(0.5, 100 * count / whole):.1f}%"></i>'
        f"<span>{count} · {100 * count / whole:.0f} %</span>"
        for name, count in outcome.funnel
    )
    return f'<div class="funnel">{"".join(rows)}</div>'


def _reasons(outcome: Outcome) -> str:
    found = Counter(outcome.touches.dropped)
    rows = [(code, reason_text(code, "zh"), reason_text(code, "en"), str(count)) for code, count in found.most_common()]
    rows.append(
        (
            "expired:unconfirmed",
            reason_text("expired:unconfirmed"),
            "no member tapped in time",
            str(outcome.touches.unconfirmed),
        )
    )
    rows.append(("waiting", "结束时仍在等待", "not settled when the demonstration ended", str(outcome.touches.waiting)))
    touches = outcome.touches
    text = (
        f"{touches.planned} steps came due: {touches.sent} reached the customer, {touches.done} were done by server or "
        f"staff, {sum(found.values())} were dropped, {touches.unconfirmed} were never confirmed, "
        f"{touches.waiting} are still open."
    )
    return f"<p>{_t(text)}</p>" + _table(("Reason", "原因", "In words", "Steps"), rows, numbers=(3,))


def _alerts(outcome: Outcome) -> str:
    rows = [
        (f"{one.at.astimezone(CHINA):%m-%d %H:%M}", one.what, f"{one.sop} {one.step}".strip(), one.detail)
        for one in outcome.alerts
    ]
    if not rows:
        return "<p>None.</p>"
    table = _table(("When", "What", "SOP and step", "Detail"), rows)
    kinds = ", ".join(f"{count} × {kind}" for kind, count in Counter(one.what for one in outcome.alerts).most_common())
    return f"<p>{_t(kinds)}</p><details><summary>All of them</summary>{table}</details>"


def _refused(outcome: Outcome) -> str:
    rows = [(str(one.line), one.reason, one.detail) for one in outcome.leads.refused]
    repaired = Counter(how for one in outcome.leads.accepted for how in one.repaired)
    mended = ", ".join(f"{count} × {how}" for how, count in sorted(repaired.items())) or "nothing"
    table = _table(("Line", "Reason", "Detail"), rows, numbers=(0,)) if rows else "<p>None.</p>"
    return f'{table}<p class="soft">Accepted after mending: {_t(mended)}.</p>'


def _faults(outcome: Outcome) -> str:
    rows = [(name, str(count)) for name, count in sorted(outcome.faults.items())]
    intro = (
        f"After all of them {outcome.duplicates} messages were sent twice and {outcome.lost.total} were lost, "
        "counted from the platform's own records against the database."
    )
    return f"<p>{_t(intro)}</p>" + (_table(("Fault", "Times"), rows, numbers=(1,)) if rows else "<p>None struck.</p>")


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: Sequence[int] = ()) -> str:
    def line(cells: Sequence[str], tag: str) -> str:
        marks = (' class="n"' if index in numbers else "" for index in range(len(cells)))
        return "".join(f"<{tag}{mark}>{_t(cell)}</{tag}>" for mark, cell in zip(marks, cells, strict=True))

    body = "".join(f"<tr>{line(row, 'td')}</tr>" for row in rows)
    return f'<div class="scroll"><table><thead><tr>{line(heads, "th")}</tr></thead><tbody>{body}</tbody></table></div>'


def _t(text: str) -> str:
    return html.escape(text)


def _of(outcome: Outcome, series: str, day: date) -> int:
    return outcome.daily.get(series, {}).get(day, 0)


def _up(outcome: Outcome, day: date) -> int:
    return _of(outcome, "sent", day) + _of(outcome, "welcome", day)


def _rect(kind: str, x: float, y: float, width: float, height: float) -> str:
    if height <= 0:
        return ""
    return f'<rect class="{kind}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"/>'


def _shades(days: Sequence[date], step: float, base: int) -> Iterable[str]:
    calendar = ChinaCalendar()
    for number, day in enumerate(days):
        if not calendar.day(day).workday:
            yield _rect("off", _LEFT + number * step, _TOP, step, base - _TOP + _BELOW)


def _grid(most: int, scale: float, base: int) -> Iterable[str]:
    for value in sorted({0, most // 2, most}):
        y = base - value * scale
        yield f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        yield f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{value}</text>'


def _dates(days: Sequence[date], step: float, base: int) -> Iterable[str]:
    every = max(1, len(days) // 9)
    for number in range(0, len(days), every):
        x = _LEFT + (number + 0.5) * step
        yield f'<text x="{x:.1f}" y="{base + _BELOW + 20}" text-anchor="middle">{days[number]:%m-%d}</text>'


def _legend() -> Iterable[str]:
    x = float(_LEFT)
    for kind, text in _SERIES:
        yield f'<rect class="{kind}" x="{x:.0f}" y="8" width="12" height="12" rx="2"/>'
        yield f'<text x="{x + 18:.0f}" y="18">{text}</text>'
        x += 50 + 6.4 * len(text)
