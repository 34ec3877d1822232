"""Invent more rows for the lead list when more people are asked for than it has. Rows are text, awkward ones included.

Nobody here exists: names are family names with a title, phones are counted up.
"""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from typing import Final, TypeAlias

from wecom_auto._demo._leads import COLUMNS, OWNER, PROSPECT

_Awkward: TypeAlias = Callable[[list[str]], list[str]]

FAMILY_NAMES: Final = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏水窦章云苏潘葛范彭郎"
MODELS: Final = ("远途 S5", "远途 X7", "远途 E3", "远途 GT")
OWNERS: Final = 0.2
"""Share of rows that are owners whose insurance ends; ours."""
_EVERY: Final = 37
"""One awkward row in so many."""
_ARRIVAL_DAYS: Final = 62


def extend(raw: str, people: int, stores: Sequence[str], start: date, seed: int) -> str:
    """Return the list with invented rows at its end, so that it has `people` rows.

    Args:
        raw: The list, decoded.
        people: How many rows it shall have; a longer list stays as it is.
        stores: Names of the stores.
        start: First day of the demonstration.
        seed: The same seed invents the same people.
    """
    written = io.StringIO(newline="")
    writer = csv.writer(written, lineterminator="\n")
    present = sum(1 for _ in csv.reader(io.StringIO(raw, newline=""))) - 1
    for number in range(present + 1, people + 1):
        writer.writerow(row(number, stores, start, random.Random(f"{seed}/{number}")))  # noqa: S311 - invented people
    return raw + ("" if raw.endswith("\n") else "\n") + written.getvalue()


def row(number: int, stores: Sequence[str], start: date, dice: random.Random) -> list[str]:
    """Invent one row; one in a few dozen is awkward, in a way that goes round."""
    plain = _plain(number, stores, start, dice)
    if number % _EVERY:
        return plain
    return _AWKWARD[number // _EVERY % len(_AWKWARD)](plain)


def table(rows: Iterable[list[str]]) -> str:
    """Write a whole list with its header."""
    written = io.StringIO(newline="")
    csv.writer(written, lineterminator="\n").writerows([list(COLUMNS), *rows])
    return written.getvalue()


def _plain(number: int, stores: Sequence[str], start: date, dice: random.Random) -> list[str]:
    owner = dice.random() < OWNERS
    left_on = start + timedelta(days=int(_ARRIVAL_DAYS * dice.random() ** 1.3))
    ends = start + timedelta(days=dice.randrange(20, 125))
    return [
        dice.choice(FAMILY_NAMES) + dice.choice(("先生", "女士")),
        f"199{number:08d}",
        dice.choice(stores),
        OWNER if owner else PROSPECT,
        left_on.isoformat(),
        "" if owner else dice.choice(MODELS),
        ends.isoformat() if owner else "",
    ]


def _with(column: str, value: str) -> _Awkward:
    def change(plain: list[str]) -> list[str]:
        return [value if name == column else cell for name, cell in zip(COLUMNS, plain, strict=True)]

    return change


def _full_width(plain: list[str]) -> list[str]:
    wide = "".join(chr(ord(digit) + 0xFEE0) for digit in plain[1])
    return [plain[0], wide, *plain[2:]]


_AWKWARD: Final = (
    _full_width,
    _with("手机", ""),
    _with("门店", "海口九店"),
    _with("留资日期", "2026-02-30"),
    _with("手机", "1990000000"),
)
