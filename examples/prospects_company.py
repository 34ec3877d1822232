"""The car maker of `prospects.py`: its network, its fake platform, one database, and the desks of the real packages."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import count
from zoneinfo import ZoneInfo

from attrs import define, field, frozen

from wecom_auto.automotive.channels import Channels
from wecom_auto.automotive.groups import GroupDesk, GroupPolicy, JoinWayView
from wecom_auto.automotive.leads import (
    ChannelStates,
    DeskSettings,
    LeadDesk,
    LeadKeys,
)
from wecom_auto.automotive.lifecycle import GradeScheme, Journey, Lifecycle
from wecom_auto.automotive.network import Network, parse_network
from wecom_auto.automotive.presets import sop_contents, sop_preset
from wecom_auto.automotive.tagplan import TagPlan
from wecom_auto.automotive.watch import Evidence, Watch, WatchDesk, WatchRules
from wecom_auto.directory import Directory
from wecom_auto.sop import Runner, Settings
from wecom_auto.store import open_store
from wecom_auto.testing import FakeWeCom

CHINA = ZoneInfo("Asia/Shanghai")
START = datetime(2026, 3, 2, 9, 0, tzinfo=CHINA)
STORES, STAFF, DEALERS, REGIONS = 30, 180, 12, ("华北", "华东", "华南")
LOST_AFTER = timedelta(days=90)
GROUP_KINDS = ("prospect", "test_drive", "lost")
PRESETS = ("prospect_nurture", "test_drive_after", "order_to_delivery")
CHANNELS = {  # share of the leads, share of those reached who add: ours, around the 45 % that one brand has told of
    "朋友圈广告": (0.30, 0.50),
    "直播": (0.20, 0.45),
    "垂媒": (0.20, 0.36),
    "官网": (0.12, 0.45),
    "短信": (0.10, 0.32),
    "门店": (0.08, 0.72),
}


@frozen(kw_only=True)
class Size:
    """What is played."""

    leads: int = 20_000
    days: int = 180
    seed: int = 7
    pilots: int = 1


def network() -> Network:
    """3 regions, 12 dealers (one of them a business of its own that needs consent), 30 stores, 180 staff."""
    boss = [f"region{number}" for number in range(len(REGIONS))]
    stores, members = [], [{"userid": one, "roles": ["region_manager"]} for one in boss]
    for number in range(STORES):
        code = f"s{number + 1:02}"
        manager = f"{code}_boss"
        stores.append({"code": code, "name": f"{code}店", "dealer": f"d{number % DEALERS + 1:02}", "manager": manager})
        roles = ["sales_manager", "dcc_operator", "dcc_operator", "sales_advisor", "service_manager"]
        roles += ["sales_advisor"] if number >= len(boss) else []
        names = [manager, *(f"{code}_{letter}" for letter in "abcde")]
        members += [{"userid": who, "store": code, "roles": [role]} for who, role in zip(names, roles, strict=False)]
    dealers = [
        {
            "code": f"d{number + 1:02}",
            "name": f"经销商{number + 1:02}",
            "region": f"r{number % len(REGIONS)}",
            "same_handler": number + 1 < DEALERS,
        }
        for number in range(DEALERS)
    ]
    regions = [{"code": f"r{number}", "name": name, "manager": boss[number]} for number, name in enumerate(REGIONS)]
    return parse_network({"name": "远途汽车", "region": regions, "dealer": dealers, "store": stores, "member": members})


@define(slots=False)
class Company:
    """Everything that acts: the fake platform, one database, the desks."""

    size: Size
    net: Network = field(factory=network)
    fake: FakeWeCom = field(init=False)
    urls: dict[str, str] = field(init=False, factory=dict)

    def __attrs_post_init__(self) -> None:
        self.fake = FakeWeCom(now=START, seed=self.size.seed)
        for userid in self.net.members:
            self.fake.add_member(userid)
        corp, clock, numbers = self.fake.corp_id, self.fake.clock.time, count(1)
        self.client = self.fake.client()
        engine = self.engine = open_store("sqlite://")
        self.directory = Directory(engine, corp, clock=clock)
        TagPlan.preset("automotive").apply(self.client)
        self.channels = Channels(engine, corp, clock=clock)
        lead_settings = DeskSettings(buttons=False)
        self.desk = LeadDesk(
            engine,
            corp,
            network=self.net,
            keys=LeadKeys("0123456789abcdef0123456789abcdef"),  # of a vault, never of the source
            settings=lead_settings,
            states=ChannelStates(self.channels),
            clock=clock,
        )
        grades = GradeScheme.preset("classic_dealer")
        self.journey = Journey(engine, corp, Lifecycle.preset(lost_after=LOST_AFTER), grades, clock=clock)
        self.runner = Runner(
            engine,
            self.client,
            self.directory,
            sop_contents(),
            settings=Settings(count_every=timedelta(0)),
            roster=self.net,
            new_id=lambda: f"b{next(numbers):07}",
            stopwatch=clock,
        )
        policy = GroupPolicy.preset(lost_after=LOST_AFTER)
        tell = self.runner.set_attribute
        self.groups = GroupDesk(
            engine,
            self.directory,
            policy,
            tasks=self.runner.tasks,
            roster=self.net,
            tell=tell,  # type: ignore[arg-type]
        )
        watch = Watch(rules=WatchRules.preset(), grades=grades, roster=self.net)
        self.watch = WatchDesk(engine, corp, watch, self.runner.tasks, sources=[Evidence.CRM])
        self._open_doors()

    def _open_doors(self) -> None:
        """Channels, an acquisition link for each store, a group of each kind for each store, and the SOPs."""
        self.fake.buy_link_uses(self.size.leads + 100)
        for name in CHANNELS:
            self.channels.register("channel", name)
        for store in self.net.stores:
            self.channels.register("store", store)
            dcc = [one.userid for one in self.net.members_of([store], roles=["dcc_operator"])]
            self.urls[store] = self.client.acquisition_links.create(f"{store} 留资", userids=dcc).url
            for kind in GROUP_KINDS:
                self.open_group(store, kind)
        for name in PRESETS:
            self.runner.publish(sop_preset(name).definition, START)

    def open_group(self, store: str, kind: str) -> None:
        """Somebody opens a group, as only people can, and its code leads into it."""
        now, owner = self.fake.clock.now(), self.net.stores[store].manager
        mine = sum(one.kind == kind and one.store == store for one in self.groups.groups(now))
        group = self.fake.create_group(owner, f"{store} {kind} {mine + 1}").chat_id
        self.fake.deliver()
        self.groups.describe(group, kind=kind, store=store, now=now)
        if not mine:
            config_id = self.client.join_ways.create(chat_ids=[group], auto_create_room=False).config_id
            url = f"https://example.com/join/{config_id}"
            view = JoinWayView(config_id=config_id, kind=kind, store=store, url=url, chat_ids=(group,))
            self.groups.use_way(view, now=now)
