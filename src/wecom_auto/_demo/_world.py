"""The car maker of the demonstration: dealers, stores, staff, tags. All of it is invented; data only."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from attrs import frozen

from wecom_auto._time import CHINA

MAKER: Final = "远途汽车"
START: Final = datetime(2026, 3, 2, 9, 0, tzinfo=CHINA)
"""A Monday: ninety days from here cross the Qingming and Labour Day holidays."""
ADVISORS: Final = 2
"""Sales advisors in each store; every store has one manager besides."""

STAGES: Final = ("已加微", "到店", "试驾", "下订")
"""Exclusive: a customer carries the tag of the last stage only."""
OWNER_TAG: Final = "车主"
QUIET_TAG: Final = "勿扰"
SOLD_TAG: Final = "已成交"
TAG_GROUPS: Final = {
    "客户阶段": (*STAGES, "战败"),
    "运营": ("已发资料", SOLD_TAG, QUIET_TAG),
    "车主状态": (OWNER_TAG, "脱保"),
}


@frozen(kw_only=True)
class Store:
    """A dealer's showroom."""

    code: str
    name: str
    dealer: str
    department: int

    @property
    def advisors(self) -> tuple[str, ...]:
        """Who follows customers here."""
        return tuple(f"{self.code}-advisor{number}" for number in range(1, ADVISORS + 1))

    @property
    def manager(self) -> str:
        """Who hears of what the advisors leave undone (N+1)."""
        return f"{self.code}-manager"

    @property
    def showroom_state(self) -> str:
        """The channel of prospects."""
        return f"showroom-{self.code}"

    @property
    def owner_state(self) -> str:
        """The channel of people who have a car."""
        return f"owner-{self.code}"


STORES: Final = (
    Store(code="bj01", name="北京一店", dealer="京北远途", department=2),
    Store(code="sh01", name="上海一店", dealer="申江远途", department=3),
    Store(code="gz01", name="广州一店", dealer="珠江远途", department=4),
    Store(code="cd01", name="成都一店", dealer="锦城远途", department=5),
)
BY_NAME: Final = {store.name: store for store in STORES}


def manager_of(userid: str) -> str:
    """Name the manager of the store that a member works in; a manager has none above."""
    code, _, role = userid.partition("-")
    return "" if role == "manager" else f"{code}-manager"
