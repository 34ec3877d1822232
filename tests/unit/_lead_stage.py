"""The stage of the lead desk's tests: a corp of its own in a shared database, a fake platform, three stores."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import count

import sqlalchemy as sa
from attrs import define, field

from wecom_auto._time import CHINA
from wecom_auto.automotive.leads import ConsentRecord, DeskSettings, LeadDesk, LeadKeys, NewLead, SmsError
from wecom_auto.automotive.network import Network, parse_network
from wecom_auto.testing import FakeWeCom

TEN = datetime(2026, 3, 2, 10, 0, tzinfo=CHINA)
"""A Monday morning, in the hours of every store."""
KEY = "k" * 32
_CORPS = count(1)
_PHONES = count(13_800_000_000)


def network(**more: object) -> Network:
    """One car maker, two dealers, three stores; the second dealer is a business of its own."""
    return parse_network(
        {
            "region": [{"code": "north", "name": "华北", "manager": "region_boss"}],
            "dealer": [
                {"code": "own", "name": "直营", "region": "north", "same_handler": True},
                {"code": "bj", "name": "北京远途", "region": "north"},
            ],
            "store": [
                {"code": "s1", "name": "一店", "dealer": "own", "manager": "boss1", "cities": ["北京"]},
                {"code": "s2", "name": "二店", "dealer": "own", "manager": "boss2", "cities": ["天津"]},
                {"code": "b1", "name": "北京一店", "dealer": "bj", "manager": "boss3"},
            ],
            "member": [
                {"userid": "anna", "store": "s1", "roles": ["dcc_operator"]},
                {"userid": "bert", "store": "s1", "roles": ["dcc_operator"]},
                {"userid": "boss1", "store": "s1", "roles": ["service_manager"]},
                {"userid": "cora", "store": "s2", "roles": ["sales_advisor"]},
                {"userid": "dora", "store": "b1", "roles": ["sales_advisor"]},
            ],
            **more,
        }
    )


@define
class Stage:
    """One corp with one desk."""

    engine: sa.Engine
    fake: FakeWeCom
    corp_id: str
    network: Network
    settings: DeskSettings = field(factory=DeskSettings)

    @classmethod
    def open(cls, engine: sa.Engine, settings: DeskSettings | None = None, people: Network | None = None) -> Stage:
        """Begin on a Monday at ten with no lead."""
        fake = FakeWeCom(now=TEN)
        for userid in ("anna", "bert", "boss1", "boss2", "boss3", "cora", "dora", "region_boss"):
            fake.add_member(userid)
        return cls(engine, fake, f"corp{next(_CORPS)}", people or network(), settings or DeskSettings())

    def desk(self, **options: object) -> LeadDesk:
        """A desk as in a process of its own."""
        values = {"network": self.network, "keys": LeadKeys(KEY), "settings": self.settings}
        return LeadDesk(self.engine, self.corp_id, clock=self.fake.clock.time, **(values | options))

    def wait(self, **span: float) -> None:
        """Let time pass."""
        self.fake.clock.advance(timedelta(**span))

    def told(self, userid: str) -> list[str]:
        """Titles of the cards that a member has got, in order."""
        cards = [one.body[one.msgtype] for one in self.fake.messages_to(userid)]
        return [card.get("title") or card["main_title"]["title"] for card in cards]

    def given(self, desk: LeadDesk, lead: NewLead | None = None) -> str:
        """Take a lead in and give it to somebody; return its number."""
        lead_id = desk.take(lead or new()).lead_id
        desk.assign()
        return lead_id


def new(store: str = "s1", **values: object) -> NewLead:
    """A lead with a phone that nobody else has."""
    return NewLead(**({"phone": str(next(_PHONES)), "name": "王女士", "store": store, "model": "X7"} | values))


def agreed(recipient: str = "bj", purpose: str = "provide_to_dealer", at: datetime = TEN) -> ConsentRecord:
    """A consent that can be proved."""
    recipient = recipient if purpose == "provide_to_dealer" else ""
    return ConsentRecord(purpose=purpose, recipient=recipient, text_version="v3", evidence="form 17", at=at)


@define
class Provider:
    """A provider of text messages that keeps what it sent."""

    idempotent: bool = False
    sent: list[object] = field(factory=list)
    refuses: bool = False

    def send(self, sms: object) -> str:
        """Keep the message."""
        if self.refuses:
            msg = "no credit"
            raise SmsError(msg)
        self.sent.append(sms)
        return f"receipt {len(self.sent)}"
