"""How long decoding 10,000 customers into models takes, against `json.loads` of the same bytes.

The customers come as the platform sends them: 100 pages of 100, the shape of batch/get_by_user.
Rounds alternate, so that a busy moment of the machine hits both; the ratio is the median, of CPU time.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

import orjson

from benchmarks._measure import alternate
from wecom_auto import _codec
from wecom_auto.models import FollowedCustomer

__all__ = ["run"]

ROUNDS: Final = 15
PAGES: Final = 100
PAGE: Final = 100


def _customer(number: int) -> dict[str, object]:
    """Return a customer with what self-built apps usually get; every tenth is a WeCom user with a card."""
    contact: dict[str, object] = {
        "external_userid": f"wmAJ2GCAAAXtWyujaWJHDDGi0m{number:06d}",
        "name": f"李四{number}",
        "type": 1,
        "avatar": f"http://wx.qlogo.cn/mmhead/PiajxSqBRaEIcsdgagqefergqerhewSdage{number}/0",
        "gender": number % 3,
        "unionid": f"ozynqsulJFCZ2z1aYeS8h-n{number:06d}",
    }
    if number % 10 == 0:
        lines = [{"type": 0, "name": "职务", "text": {"value": "采购"}}]
        card: dict[str, object] = {"external_corp_name": "腾讯", "external_attr": lines}
        contact |= {"type": 2, "corp_name": "腾讯", "position": "采购", "external_profile": card}
    follow = {
        "userid": f"member{number % 50}",
        "remark": f"李部长{number}",
        "description": "对接采购事务，周末来店",
        "createtime": 1_525_779_812 + number,
        "tag_id": ["etAJ2GCAAAXtWyujaWJHDDGi0mACHAAA", "etAJ2GCAAAXtWyujaWJHDDGi0mACHBBB"],
        "remark_corp_name": "",
        "remark_mobiles": [f"138{number:08d}"] if number % 2 else [],
        "state": "bj01-showroom",
        "oper_userid": f"member{number % 50}",
        "add_way": 1,
    }
    return {"external_contact": contact, "follow_info": follow}


def _pages() -> list[bytes]:
    return [
        json.dumps(
            {"errcode": 0, "errmsg": "ok", "external_contact_list": [_customer(page * PAGE + i) for i in range(PAGE)]},
            ensure_ascii=False,
        ).encode()
        for page in range(PAGES)
    ]


def _decode(loads: Callable[[bytes], Any], pages: list[bytes]) -> None:
    for page in pages:
        _codec.decode(tuple[FollowedCustomer, ...], loads(page)["external_contact_list"])


def _parse(loads: Callable[[bytes], Any], pages: list[bytes]) -> None:
    for page in pages:
        loads(page)


def run() -> list[dict[str, Any]]:
    """Return one row per contender: its CPU time as a multiple of `json.loads` of the same bytes."""
    pages = _pages()
    contenders: list[tuple[str, str, Callable[[], None]]] = [
        ("orjson.loads alone", "–", lambda: _parse(orjson.loads, pages)),
        ("json.loads and decode", "≤ 3.5", lambda: _decode(json.loads, pages)),
        ("orjson.loads and decode", "≤ 2.5", lambda: _decode(orjson.loads, pages)),
    ]
    rows: list[dict[str, Any]] = []
    for name, budget, work in contenders:
        ratio, note = alternate(work, lambda: _parse(json.loads, pages), rounds=ROUNDS)
        what = f"decode {PAGES * PAGE:,} customers: {name}, against json.loads"
        rows.append({"what": what, "ratio": ratio, "budget": budget, "note": note})
    return rows
