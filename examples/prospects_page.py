"""Show what `prospects.py` has played: a page without script or network, light and dark, and the same on a terminal."""

from __future__ import annotations

# ruff: noqa: E501 - a number, its name and what it counts stand on one line
import html
from collections.abc import Iterable
from typing import Any

FUNNEL_NAMES = ("留资", "已联系", "加微", "到店", "试驾", "下订")
TABLE_HEADS = ("渠道 channel", *FUNNEL_NAMES, "加微率", "下订率")
STYLE = """
:root{color-scheme:light dark;--bar:#2f6fd0;--line:#8884;--soft:#8882}
body{font:15px/1.6 system-ui,'PingFang SC','Noto Sans CJK SC',sans-serif;max-width:62rem;margin:2.5rem auto;
padding:0 1.2rem}
h1{font-size:1.7rem;margin:0}h2{font-size:1.1rem;margin:2.2rem 0 .6rem}small,.why{opacity:.68}
.bar{display:grid;grid-template-columns:5rem 1fr;align-items:center;margin:.25rem 0}
.bar i{display:inline-block;height:1.35rem;min-width:2px;background:var(--bar);border-radius:4px;
vertical-align:middle;margin-right:.6rem}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
td,th{padding:.35rem .8rem .35rem 0;border-bottom:1px solid var(--line);text-align:left;vertical-align:top}
.num td:not(:first-child),.num th:not(:first-child){text-align:right}
.facts td:nth-child(2){text-align:right;white-space:nowrap;font-weight:600;width:9rem}
.facts td:first-child{white-space:nowrap;width:8rem}
.wide{overflow-x:auto}
"""
Fact = tuple[str, str, str]


def funnel_rows(report: dict[str, Any]) -> list[list[str]]:
    """The funnel by channel with its rates, and the sum of all channels."""
    channels = report["funnel"]
    total = [sum(row[at] for row in channels.values()) for at in range(len(FUNNEL_NAMES))]
    return [
        [name, *(f"{number:,}" for number in row), share(row[2], row[0]), share(row[5], row[0])]
        for name, row in [*channels.items(), ("合计", total)]
    ]


def share(part: int, whole: int) -> str:
    """A part of a whole."""
    return f"{part / whole:.1%}" if whole else "-"


def sections(report: dict[str, Any]) -> dict[str, list[Fact]]:
    """Every number with its name and what it counts."""
    rate, groups, late, pilot = (report[name] for name in ("add_rate", "groups", "overdue", "pilot"))
    counts = {name: report["counts"].get(name, 0) for name in COUNTED}
    return {
        "加微 Add rate": [
            ("加微率", f"{rate['value']:.1%}", f"of {rate['cases']:,} leads that were shown a link; target {rate['target']:.0%}"),
            ("按渠道码认出", f"{counts['matched by state']:,}", "friends who were matched with their lead by the state of the link"),
        ],
        "潜客群 Prospect groups": [
            ("群 / 成员", f"{groups['groups']:,} / {groups['members']:,}", "groups, and places taken in them at the end"),
            ("最大的群", f"{groups['largest']}", "members of the largest group at any look; the platform allows 200"),
            ("超过 200 人", f"{groups['over 200']}", "groups above the limit"),
            ("群内车主", f"{groups['buyers found']:,}", "buyers who were found in a prospect group, whose owner was asked to let them out"),
            ("仍在群内", f"{groups['buyers found and still inside']:,}", "of these, still inside at the end"),
            ("今天要人处理", f"{groups['need a human today']:,}", "groups with buyers inside, without owner, full, frozen or not read for two days"),
            ("邀请 / 入群", f"{counts['groups: invited']:,} / {counts['groups: joined']:,}", "invitations, and those that were followed"),
            ("新建群", f"{counts['groups: create_tasks']:,}", "tasks to open another group, because one was full"),
        ],
        "超时 Overdue leads": [
            ("提醒顾问", f"{counts['reminded']:,}", "nobody was reached within 30 working minutes: the member was reminded"),
            ("上报主管", f"{late['managers told']:,}", "still nobody: the manager was told"),
            ("改派", f"{counts['reassigned']:,}", "still nobody: somebody else was given the lead"),
            ("此刻超时", f"{late['now']:,}", "leads overdue at the end"),
            ("无授权", f"{late['without consent']:,}", "leads that wait, because the person has not agreed that this dealer gets them"),
        ],
        "试点 Pilot: SOP and watch": [
            ("客户", f"{pilot['customers']:,}", f"friends of the pilot stores, in {pilot['sops']} SOPs"),
            ("群发任务", f"{pilot['messages']:,}", "messages that the SOPs have put before members to confirm"),
            ("未跟进预警", f"{counts['watch: member']:,}", "members told of a silence or a task that nobody had done"),
            ("上报主管", f"{counts['watch: supervisor']:,}", "supervisors told, when that did not help"),
            ("改派", f"{counts['watch: reassigned']:,}", "given to somebody else, when that did not help either"),
        ],
    }  # fmt: skip


COUNTED = (
    "matched by state",
    "groups: invited",
    "groups: joined",
    "groups: create_tasks",
    "reminded",
    "reassigned",
    "watch: member",
    "watch: supervisor",
    "watch: reassigned",
)
TOLD_HEADS = ("时间 when", "门店 store", "负责人 whose lead", "告知 told")


def told_rows(report: dict[str, Any]) -> list[list[str]]:
    """The last leads that were overdue, and who was told of them."""
    return [[one["at"], one["store"], one["about"], one["told"]] for one in report["overdue"]["last told"]]


def title(report: dict[str, Any]) -> str:
    """What was played."""
    size = report["size"]
    places = f"{size['regions']} 区域 {size['dealers']} 经销商 {size['stores']} 门店 {size['staff']} 人"
    return f"远途汽车 · {size['leads']:,} 条线索 · {size['days']} 天 · {places} · seed {size['seed']}"


def page(report: dict[str, Any]) -> str:
    """The report as one HTML page."""
    rows = funnel_rows(report)
    numbers = [int(cell.replace(",", "")) for cell in rows[-1][1 : 1 + len(FUNNEL_NAMES)]]
    most = max(1, numbers[0])
    bars = "".join(
        f"<div class=bar><b>{stage}</b><span><i style='width:{78 * number / most:.1f}%'></i>{number:,}"
        f" <small>{share(number, most)}</small></span></div>"
        for stage, number in zip(FUNNEL_NAMES, numbers, strict=True)
    )
    parts = [f"<h1>潜客经营</h1><p class=why>{html.escape(title(report))}</p>", "<h2>漏斗 Funnel</h2>", bars]
    parts.append(table("num", TABLE_HEADS, rows))
    for head, facts in sections(report).items():
        parts += [f"<h2>{html.escape(head)}</h2>", table("facts", (), facts)]
    parts += ["<h2>最近上报 Last told</h2>", table("", TOLD_HEADS, told_rows(report))]
    parts.append(
        "<p class=why>People are invented by the seed; desks, SOPs, groups and watch are the real packages.</p>"
    )
    head = "<meta charset=utf-8><meta name=viewport content='width=device-width'><title>潜客经营</title>"
    return f"<!doctype html><html lang=zh-CN>{head}<style>{STYLE}</style>{''.join(parts)}</html>\n"


def table(style: str, heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Cells, escaped."""
    top = "".join(f"<th>{html.escape(one)}</th>" for one in heads)
    body = "".join(f"<tr>{''.join(f'<td>{html.escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f"<div class=wide><table class='{style}'>{f'<tr>{top}</tr>' if top else ''}{body}</table></div>"


def show(report: dict[str, Any]) -> None:
    """Print the same."""
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False, width=None)
    console.print(f"[bold]{title(report)}[/]\n")
    funnel = Table(box=None, pad_edge=False)
    for at, name in enumerate(TABLE_HEADS):
        funnel.add_column(name, justify="right" if at else "left", no_wrap=True)
    for row in funnel_rows(report):
        funnel.add_row(*row, style="bold" if row[0] == "合计" else "")
    console.print(funnel)
    for head, facts in sections(report).items():
        rows = Table(box=None, show_header=False, pad_edge=False)
        rows.add_column(min_width=12, no_wrap=True)
        rows.add_column(justify="right", min_width=14, no_wrap=True, style="bold")
        rows.add_column(style="dim")
        for fact in facts:
            rows.add_row(*fact)
        console.print(f"\n[bold]{head}[/]")
        console.print(rows)
    last = Table(
        *TOLD_HEADS, box=None, pad_edge=False, title="\n最近上报 Last told", title_justify="left", title_style="bold"
    )
    for row in told_rows(report):
        last.add_row(*row)
    console.print(last)
