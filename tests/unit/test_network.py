"""A network from a file: who belongs where, who stands above, who works when."""

from __future__ import annotations

from datetime import datetime

import pytest

from wecom_auto._time import CHINA
from wecom_auto.automotive.network import parse_network, read_network, shipped_roles
from wecom_auto.errors import ConfigurationError

TOML = """
name = "远途汽车"
[[region]]
code = "north"
name = "华北"
manager = "region_boss"
[[dealer]]
code = "bj"
name = "北京远途"
region = "north"
manager = "dealer_boss"
[[store]]
code = "bj01"
name = "北京一店"
dealer = "bj"
aliases = ["一店"]
cities = ["北京"]
manager = "boss"
hours = ["09:00-18:00"]
[[store]]
code = "bj02"
name = "北京二店"
dealer = "bj"
aliases = ["一店"]
[[member]]
userid = "zhang"
store = "bj01"
roles = ["dcc_operator"]
leave = ["2026-03-03/2026-03-04"]
backup = "li"
[[member]]
userid = "li"
store = "bj01"
roles = ["sales_advisor"]
weight = 2
capacity = 3
hours = ["12:00-20:00"]
[[member]]
userid = "boss"
store = "bj01"
roles = ["dcc_manager"]
[[member]]
userid = "gone"
store = "bj01"
active = false
[role.dcc_operator]
title = "邀约专员"
leads = true
"""
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=CHINA)


@pytest.fixture
def network(tmp_path):
    """A small network."""
    path = tmp_path / "network.toml"
    path.write_text(TOML, encoding="utf-8")
    return read_network(path)


def test_stores_are_found_by_what_people_write(network):
    """Code, name and other names, however spaced; a name that two stores share is nobody's."""
    assert [network.store_code(name) for name in ("BJ01", " 北京 一店", "北京二店", "一店", "三店")] == [
        "bj01",
        "bj01",
        "bj02",
        None,
        None,
    ]
    assert network.stores_for(city="北京市", region="华北") == ("bj01",)
    assert network.stores_for(dealer="北京远途") == ("bj01", "bj02")
    assert network.region_of("bj02") == "north"


def test_the_line_of_supervisors_ends_at_the_region(network):
    """Store, dealer, region; nobody is their own supervisor."""
    assert [network.supervisor(one) for one in ("zhang", "boss", "stranger")] == ["boss", "dealer_boss", ""]


def test_people_work_by_shift_and_leave(network):
    """The store's hours, the own shift, days of leave, people who left."""
    assert network.on_shift("zhang", NOON)
    assert network.on_shift("li", NOON)
    assert not network.on_shift("li", NOON.replace(hour=11))
    assert not network.working("zhang", NOON.replace(day=4))
    assert [one.userid for one in network.members_of(["bj01"])] == ["zhang", "li", "boss"]


def test_roles_are_data(network):
    """Rights come from the file; an own role replaces a shipped one; the rest is there."""
    assert network.roles["dcc_operator"].title == "邀约专员"
    assert network.may("zhang", "leads")
    assert not network.may("zhang", "pool")
    assert network.sees("boss", "bj01")
    assert not network.sees("boss", "bj02")
    assert len(shipped_roles()) == 20


def test_everybody_has_a_domain():
    """Car maker, region, dealer, shop and whoever sees nothing but their own: stores in the order of the file."""
    network = parse_network(
        {
            "region": [{"code": "north"}, {"code": "south"}],
            "dealer": [
                {"code": "bj", "region": "north"},
                {"code": "tj", "region": "north"},
                {"code": "sz", "region": "south"},
            ],
            "store": [
                {"code": "bj01", "dealer": "bj"},
                {"code": "bj02", "dealer": "bj"},
                {"code": "tj01", "dealer": "tj"},
                {"code": "sz01", "dealer": "sz"},
            ],
            "member": [
                {"userid": "press", "store": "bj01", "roles": ["oem_pr"]},
                {"userid": "region", "store": "bj01", "roles": ["region_manager"]},
                {"userid": "dealer", "store": "bj01", "roles": ["dealer_ops"]},
                {"userid": "dcc", "store": "bj01", "roles": ["dcc_manager"]},
                {"userid": "seller", "store": "bj01", "roles": ["sales_advisor"]},
            ],
        }
    )
    seen = {userid: network.stores_seen_by(userid) for userid in (*network.members, "nobody")}
    assert seen == {
        "press": ("bj01", "bj02", "tj01", "sz01"),
        "region": ("bj01", "bj02", "tj01"),
        "dealer": ("bj01", "bj02"),
        "dcc": ("bj01",),
        "seller": (),
        "nobody": (),
    }


def test_a_table_gives_the_same_network(tmp_path):
    """One row for each member, as GBK, with several values in a cell."""
    path = tmp_path / "network.csv"
    path.write_text(
        "区域,经销商,门店编码,门店,城市,成员,角色,权重,每日上限,班次,休假,店长\n"
        "north,bj,bj01,北京一店,北京,zhang,dcc_operator;sales_advisor,2,5,09:00-18:00,2026-03-03,boss\n"
        "north,bj,bj01,北京一店,北京,li,sales_advisor,,,,,\n",
        encoding="gbk",
    )
    network = read_network(path)
    assert network.members["zhang"].roles == ("dcc_operator", "sales_advisor")
    assert (network.members["zhang"].weight, network.members["zhang"].capacity) == (2, 5)
    assert network.supervisor("li") == "boss"
    assert network.region_of("bj01") == "north"


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ({"store": [{"code": "a", "dealer": "x"}]}, r"store\[0\].dealer.*no dealer 'x'"),
        ({"store": [{"code": "a"}, {"code": "a"}]}, "twice"),
        ({"member": [{"userid": "a", "weight": 0}]}, "1 to 100"),
        ({"member": [{"userid": "a", "leave": ["soon"]}]}, "no day"),
        ({"member": [{"userid": ""}]}, "1 to 64"),
        ({"member": {}}, "list"),
        ({"shop": []}, "shop"),
    ],
)
def test_a_mistake_is_named(tables, message):
    """Table, key and what to write instead."""
    with pytest.raises(ValueError, match=message):
        parse_network(tables)


def test_a_file_that_is_no_network_is_named(tmp_path):
    """The path stands in the message."""
    path = tmp_path / "x.csv"
    path.write_text("a,b\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"x\.csv"):
        read_network(path)
