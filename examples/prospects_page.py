"""Show what `prospects.py` has played: a page without script, light and dark, and a few lines on the terminal."""

from __future__ import annotations

import html
import json
from collections.abc import Iterable
from typing import Any

FUNNEL_NAMES = ("留资", "已联系", "加微", "到店", "试驾", "下订")


def page(report: dict[str, Any]) -> str:
    """The report as one HTML page without script, light and dark."""
    total = [sum(row[at] for row in report["funnel"].values()) for at in range(len(FUNNEL_NAMES))]
    most = max(1, total[0])
    bars = "".join(
        f"<p><b>{stage}</b><i style='width:{60 * number / most:.1f}%'></i>{number:,}</p>"
        for stage, number in zip(FUNNEL_NAMES, total, strict=True)
    )
    rows = [[name, *map(str, row)] for name, row in report["funnel"].items()]
    parts = [f"<h1>远途汽车 · {report['size']['days']} 天</h1>", "<h2>漏斗 Funnel</h2>", bars]
    parts += [table(["渠道", *FUNNEL_NAMES], rows)]
    for name in ("add_rate", "groups", "overdue", "pilot", "counts", "size"):
        pairs = [[key, json.dumps(value, ensure_ascii=False)] for key, value in report[name].items()]
        parts += [f"<h2>{name}</h2>", table(["", ""], pairs)]
    style = (
        ":root{color-scheme:light dark}body{font:15px/1.5 system-ui,'PingFang SC','Noto Sans CJK SC',sans-serif;"
        "max-width:60rem;margin:2rem auto;padding:0 1rem}p{margin:.3rem 0}p b{display:inline-block;width:5rem}"
        "p i{display:inline-block;height:1.1rem;background:#3b7dd8;border-radius:3px;margin-right:.6rem;"
        "vertical-align:middle}td,th{text-align:left;padding:.25rem .9rem .25rem 0;border-bottom:1px solid #8884}"
    )
    return f"<!doctype html><meta charset=utf-8><title>prospects</title><style>{style}</style>{''.join(parts)}\n"


def table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Cells, escaped."""
    head = "".join(f"<th>{html.escape(one)}</th>" for one in heads)
    body = "".join(f"<tr>{''.join(f'<td>{html.escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><tr>{head}</tr>{body}</table>"


def show(report: dict[str, Any]) -> None:
    """Print what matters."""
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False)
    funnel = Table("渠道", *FUNNEL_NAMES, title="Funnel by channel", title_justify="left", box=None)
    for name, row in report["funnel"].items():
        funnel.add_row(name, *(f"{number:,}" for number in row))
    console.print(funnel)
    for name in ("add_rate", "groups", "overdue", "pilot"):
        console.print(f"[bold]{name}[/]  " + "   ".join(f"{key} {value}" for key, value in report[name].items()))
