"""A corp that lives while wild requests name what is really there: every answer has an errcode, and no null.

`test_fake_fuzz` sends wild values to an almost empty corp, where most of them name nobody; here the manual's own
requests are sent with ids of the corp in their places, some parts left out, null or wrong, while people come and go.
"""

from __future__ import annotations

import json
import random
from collections import defaultdict
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from wecom_auto.testing import FakeWeCom, Settings
from wecom_auto.testing._chapters import ROUTES
from wecom_auto.testing._wire import RawRequest

OFFICIAL = Path(__file__).parents[1] / "fixtures" / "official"
PATHS = sorted(path for path in ROUTES if path.startswith("externalcontact/"))
MEMBERS = [f"m{number}" for number in range(4)]
WILD: list[Any] = ["", 0, -1, 2**40, 2**70, "中" * 31, "\x00", True, [], {}, 1.5, [None], {"a": None}, None]
SAME_AS = {
    **dict.fromkeys(("sender", "new_owner", "handover_userid", "takeover_userid", "user", "user_list"), "userid"),
    **dict.fromkeys(("userid_list", "admin_list", "creator", "priority_userid_list"), "userid"),
    **dict.fromkeys(("tag_id", "add_tag", "remove_tag", "tag_list"), "id"),
    **dict.fromkeys(("department_list", "party"), "partyid"),
    "chat_id_list": "chat_id",
    "parent_id": "strategy_id",
    "external_userid_list": "external_userid",
    "cursor": "next_cursor",
}


class Corp:
    """A corp, the ids that it has given away, and a source of chance."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        day = timedelta(days=1)
        lag = self.dice.choice([timedelta(0), day / 4])
        self.fake = FakeWeCom(
            settings=Settings(temp_chat=True, link_priority=True, is_education=True, inherit_lag=lag, moment_lag=lag)
        )
        self.fake.add_app("narrow", "narrow-secret", agent_id=7, visible=MEMBERS[:2])
        for userid in MEMBERS:
            self.fake.add_member(userid, department=self.dice.choice([1, 2]))
        self.fake.buy_link_uses(5, days=2)
        self.known: defaultdict[str, list[Any]] = defaultdict(list, {"userid": list(MEMBERS), "partyid": [1, 2]})
        for _ in range(4):
            one = self.fake.add_customer(followed_by=self.dice.sample(MEMBERS, 2))
            self.known["external_userid"].append(one.external_userid)
        self.known["chat_id"].append(self.fake.create_group("m0", "群").chat_id)
        self.known["id"].append(self.fake.add_tag("意向", "高").id)

    def keep(self, value: object, name: str = "") -> None:
        """Remember the ids of an answer."""
        if isinstance(value, dict):
            for key, inner in value.items():
                self.keep(inner, str(key))
        elif isinstance(value, list):
            for inner in value:
                self.keep(inner, name)
        elif value and (name == "next_cursor" or name.endswith("id")) and value not in self.known[name]:
            self.known[name].append(value)

    def wild(self, value: object, name: str = "") -> Any:
        """Return a value of a request with living ids in it, and some of it broken."""
        if name and self.dice.random() < 0.04:
            return self.dice.choice([None, None, *WILD])
        if isinstance(value, dict):
            return {key: self.wild(inner, str(key)) for key, inner in value.items() if self.dice.random() > 0.05}
        if isinstance(value, list):
            return [self.wild(inner, name) for inner in value]
        living = self.known.get(SAME_AS.get(name, name))
        if living and self.dice.random() < 0.9:
            return self.dice.choice(living[-8:])
        if "time" in name and isinstance(value, int):
            return int(self.fake.clock.time()) - self.dice.choice([0, 1, 2, 40]) * 86_400
        return value

    def ask(self, path: str) -> int:
        """Send one request and return the errcode."""
        file = OFFICIAL / f"{path}.request.json"
        template: Any = json.loads(file.read_text()) if file.exists() else {}
        body = self.wild(template or dict.fromkeys(ROUTES[path].fields))
        secret = self.dice.choice([self.fake.secret] * 3 + ["narrow-secret"])
        login = {"corpid": self.fake.corp_id, "corpsecret": secret}
        given = self.fake.handle(RawRequest(method="GET", path="/cgi-bin/gettoken", query=login))
        query = {"access_token": json.loads(given.body)["access_token"]}
        if ROUTES[path].method == "GET":
            query |= {name: str(value) for name, value in body.items() if value is not None}
        raw = RawRequest(
            method=ROUTES[path].method, path=f"/cgi-bin/{path}", query=query, body=json.dumps(body).encode()
        )
        answer = json.loads(self.fake.handle(raw).body)
        assert None not in _leaves(answer), (path, body)
        self.keep(answer)
        return int(answer["errcode"])

    def live(self) -> None:
        """Let somebody do something, if it can be done."""
        fake, pick = self.fake, self.dice.choice
        member, who = pick(MEMBERS), pick(self.known["external_userid"])
        chat, way = pick(self.known["chat_id"]), pick([*self.known["config_id"], "none"])
        deeds: list[Callable[[], object]] = [
            lambda: fake.leave(member),
            lambda: fake.add_member(member, department=2),
            lambda: fake.scan(way, customer=who),
            lambda: fake.join_group(pick([chat, way]), who),
            lambda: fake.dismiss_group(chat),
            lambda: self.keep({"chat_id": fake.create_group(member, "群").chat_id}),
            lambda: fake.unfriend(who, member),
            lambda: fake.delete_customer(member, who),
            lambda: fake.chat(who, member),
            lambda: fake.tap(member),
            lambda: fake.publish_moment(member, pick([*fake.moments(), "none"])),
            lambda: fake.refuse_transfer(who),
            lambda: fake.clock.advance(seconds=pick([5, 3_600, 90_000, 4 * 86_400, 40 * 86_400])),
        ]
        # What cannot be done now (nobody there, no such code) is said so, and is no failure of the fake.
        try:
            pick(deeds)()
        except KeyError:
            raise
        except (LookupError, ValueError):
            return


def _leaves(value: object) -> list[object]:
    if isinstance(value, dict):
        return [leaf for inner in value.values() for leaf in _leaves(inner)]
    return [leaf for inner in value for leaf in _leaves(inner)] if isinstance(value, list) else [value]


@pytest.mark.filterwarnings("ignore::wecom_auto.testing.UnknownFieldWarning")
def test_a_living_corp_answers_everything() -> None:
    """Thousands of half-sensible requests over months: no exception, no null, and many endpoints say yes at times."""
    said_yes: set[str] = set()
    for seed in range(6):
        corp = Corp(seed)
        for _ in range(700):
            if corp.dice.random() < 0.2:
                corp.live()
            path = corp.dice.choice(PATHS)
            if corp.ask(path) == 0:
                said_yes.add(path)
    assert len(said_yes) > 40
