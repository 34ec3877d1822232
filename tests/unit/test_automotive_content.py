"""The content library: only what is approved and valid goes out, and a click tells which content it was."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from wsgiref.util import setup_testing_defaults

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from tests.stores import KINDS, fresh_database, memory_store

from wecom_auto._time import CHINA
from wecom_auto.automotive.content import (
    Approval,
    ApprovalError,
    Approvals,
    ApprovedContents,
    Category,
    ContentLibrary,
    ContentRefusedError,
    Refusal,
    ShortLinks,
    asgi_door,
    lint,
    wsgi_door,
)
from wecom_auto.automotive.tagplan import Signal, SignalKind, TagRule, evaluate
from wecom_auto.errors import ConfigurationError, ValidationError
from wecom_auto.models import FileAttachment
from wecom_auto.sop.check import Rules
from wecom_auto.store import open_store

NINE = datetime(2026, 3, 2, 9, 0, tzinfo=CHINA)
TODAY = NINE.date()
BOOK = """
["tpl/care"]
category = "汽车干货"
text = "{{ store }}：冬季用车小贴士"

["tpl/march"]
category = "活动优惠"
text = "三月活动"
valid_from = 2026-03-01
valid_until = 2026-03-31

["tpl/sales"]
category = "销量战报"
text = "二月销量战报"

["tpl/rights"]
category = "车主权益"
text = "车主权益"
"""
LINK = '{ msgtype = "link", link = { title = "直降 5000 元", url = "https://a.cn" } }'
LIBRARY = ContentLibrary.from_toml(BOOK)
ROLES = {"ann": ["dealer_community"], "ops": ["dealer_ops"], "brand": ["oem_pr"], "guest": []}


@pytest.fixture
def memory() -> Iterator[sa.Engine]:
    """A migrated database in memory."""
    engine = memory_store()
    yield engine
    engine.dispose()


@pytest.fixture(params=KINDS)
def engine(request, tmp_path) -> Iterator[sa.Engine]:
    """A migrated database."""
    with fresh_database(request.param, tmp_path) as url:
        engine = open_store(url, migrate=False)
        yield engine
        engine.dispose()


def approvals(engine: sa.Engine, library: ContentLibrary = LIBRARY) -> Approvals:
    """The approvals of a library."""
    return Approvals(engine, "ww1", library, lambda userid: ROLES[userid])


def approved(engine: sa.Engine, *names: str, library: ContentLibrary = LIBRARY) -> Approvals:
    """The same with some contents approved."""
    desk = approvals(engine, library)
    for name in names:
        desk.submit(name, by="ann", now=NINE)
        desk.approve(name, by="brand", now=NINE)
    return desk


def links(engine: sa.Engine, **more: object) -> ShortLinks:
    """Links to one host."""
    values = {"key": b"k" * 32, "base_url": "https://go.example.com/c", "hosts": ["www.example.com"]}
    return ShortLinks(engine, "ww1", **{"clock": NINE.timestamp, **values, **more})


def token_of(url: str) -> str:
    """The last part of an address."""
    return url.rpartition("/")[2]


# The library.


def test_the_six_categories_are_words_and_others_may_come():
    """An unknown word is a category of its own, not an error."""
    library = ContentLibrary.from_toml('[a]\ncategory = "露营"\ntext = "x"\n')
    assert library.items["a"].category.value == "露营"
    assert [one.value for one in Category][:6] == ["节日", "品牌业绩", "活动优惠", "销量战报", "汽车干货", "车主权益"]
    assert [one.name for one in LIBRARY.of(Category.OFFER)] == ["tpl/march"]


def test_rights_of_owners_are_for_owners_unless_the_file_says_more():
    """What names no audience does not reach prospects by accident."""
    assert LIBRARY.items["tpl/rights"].content.audience == ("owner",)


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ('text = "x"', "category"),
        ('category = "节日"\ntext = "x"\nvalid_from = "soon"', "valid_from"),
        ('category = "节日"\ntext = "x"\nvalid_from = 2026-03-02\nvalid_until = 2026-03-01', "before"),
        ('category = "节日"\ntext = "{{ x"', "content 'a'"),
        ('category = "节日"\ntext = "x"\nprice = 3', "price"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_name(table, problem):
    """The message names the content and the key."""
    with pytest.raises(ConfigurationError, match=problem):
        ContentLibrary.from_toml(f"[a]\n{table}\n")


# Approval.


def test_a_content_goes_from_draft_to_approved_to_withdrawn(engine):
    """Every step is in the history, with who and as what."""
    desk = approved(engine, "tpl/care")
    assert desk.states()["tpl/care"] is Approval.APPROVED
    desk.withdraw("tpl/care", by="ops", now=NINE, note="recall")
    assert desk.state("tpl/care") is Approval.WITHDRAWN
    assert [(one.state.value, one.by, one.role) for one in desk.history("tpl/care")] == [
        ("submitted", "ann", "dealer_community"),
        ("approved", "brand", "oem_pr"),
        ("withdrawn", "ops", "dealer_ops"),
    ]
    assert desk.approved() == frozenset()


def test_of_two_approvals_at_once_one_counts(engine):
    """The second is told that there is nothing to approve any more."""
    desk = approvals(engine)
    desk.submit("tpl/care", by="ann", now=NINE)

    def approve(by: str) -> bool:
        try:
            desk.approve("tpl/care", by=by, now=NINE)
        except ApprovalError:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(approve, ["ops", "brand"])) == [False, True]
    assert len(desk.history("tpl/care")) == 2


def test_a_changed_wording_is_a_draft_again(memory):
    """An approval is of what was seen."""
    approved(memory, "tpl/care")
    changed = ContentLibrary.from_toml(BOOK.replace("小贴士", "小贴士！"))
    assert approvals(memory, changed).state("tpl/care") is Approval.DRAFT
    assert approvals(memory).state("tpl/care") is Approval.APPROVED


@pytest.mark.parametrize("change", ["valid_until = 2026-04-30", 'valid_until = 2026-03-31\naudience = "owner"'])
def test_a_longer_validity_or_another_audience_needs_approval(memory, change):
    """Both belong to what was approved."""
    approved(memory, "tpl/march")
    changed = ContentLibrary.from_toml(BOOK.replace("valid_until = 2026-03-31", change))
    assert approvals(memory, changed).state("tpl/march") is Approval.DRAFT


def test_nobody_approves_alone_or_above_their_role(memory):
    """Four eyes; claims of the brand are for the brand; a guest does nothing."""
    desk = approvals(memory)
    desk.submit("tpl/care", by="ops", now=NINE)
    with pytest.raises(ApprovalError, match="somebody else"):
        desk.approve("tpl/care", by="ops", now=NINE)
    desk.submit("tpl/sales", by="ann", now=NINE)
    with pytest.raises(ApprovalError, match="oem_pr"):
        desk.approve("tpl/sales", by="ops", now=NINE)
    with pytest.raises(ApprovalError, match="may not"):
        desk.submit("tpl/march", by="guest", now=NINE)
    with pytest.raises(ApprovalError, match="becomes approved only from submitted"):
        desk.approve("tpl/march", by="brand", now=NINE)


def test_giving_back_needs_a_reason(memory):
    """An author who is refused hears why."""
    desk = approvals(memory)
    desk.submit("tpl/care", by="ann", now=NINE)
    with pytest.raises(ValidationError, match="note"):
        desk.give_back("tpl/care", by="ops", now=NINE, note=" ")
    desk.give_back("tpl/care", by="ops", now=NINE, note="too long")
    assert desk.state("tpl/care") is Approval.DRAFT


# The source.


@pytest.mark.parametrize(
    ("name", "at", "reason"),
    [
        ("tpl/none", NINE, Refusal.UNKNOWN),
        ("tpl/sales", NINE, Refusal.UNAPPROVED),
        ("tpl/rights", NINE, Refusal.WITHDRAWN),
        ("tpl/march", NINE - timedelta(days=2), Refusal.EARLY),
        ("tpl/march", NINE + timedelta(days=30), Refusal.EXPIRED),
    ],
)
def test_the_source_refuses_with_a_reason(memory, name, at, reason):
    """Each way of not being fit has its own word."""
    desk = approved(memory, "tpl/march", "tpl/rights")
    desk.withdraw("tpl/rights", by="brand", now=NINE, note="x")
    with pytest.raises(ContentRefusedError) as caught:
        ApprovedContents(desk, clock=at.timestamp).render(name, {})
    assert caught.value.reason is reason


def test_the_source_gives_what_is_approved_with_its_variables(memory):
    """The text is that of the SOP's own library."""
    source = ApprovedContents(approved(memory, "tpl/care"), clock=NINE.timestamp)
    assert source.render("tpl/care", {"store": "一店"}).text == "一店：冬季用车小贴士"


def test_local_files_stay_files_until_they_are_sent(memory, tmp_path):
    """Media are uploaded, and renewed, by whoever sends: the library holds the file and no media id."""
    (tmp_path / "tips.pdf").write_bytes(b"%PDF-1.4 tips")
    (tmp_path / "book.toml").write_text('[a]\ncategory = "汽车干货"\nattachments = [{ file = "tips.pdf" }]\n')
    library = ContentLibrary.from_toml(tmp_path / "book.toml")
    content = ApprovedContents(approved(memory, "a", library=library), clock=NINE.timestamp).render("a", {})
    assert [one.name for one in content.files] == ["tips.pdf"]
    assert isinstance(content.attachments[0], FileAttachment)


# The linter.


@pytest.mark.parametrize(
    ("table", "code"),
    [
        ('category = "活动优惠"\ntext = "只要 12.8 万"', "SOP024"),
        (
            f'category = "节日"\nattachments = [{LINK}]',
            "SOP024",
        ),
        ('category = "节日"\ntext = "请致电 13800138000"', "SOP021"),
        ('category = "车主权益"\ntext = "x"\naudience = ["owner", "prospect"]', "SOP026"),
        ('category = "节日"\ntext = "x"\nvalid_until = 2026-03-01', "SOP027"),
    ],
)
def test_the_linter_finds(table, code):
    """A price, also in a link; personal data; content for owners that prospects get; what is over."""
    assert [one.code for one in lint(ContentLibrary.from_toml(f"[a]\n{table}\n"), today=TODAY)] == [code]


def test_the_linter_knows_what_is_approved(memory):
    """What is not approved as it stands is found, what is approved is not."""
    found = lint(LIBRARY, today=TODAY, rules=Rules(approved=approved(memory, "tpl/care").approved()))
    assert {one.code for one in found} == {"SOP033"}
    assert "tpl/care" not in " ".join(one.place for one in found)


# Links.


def test_a_click_is_counted_by_content_and_segment(engine):
    """Two of one segment, one of another; the same arguments give the same address."""
    door = links(engine)
    north = door.make("tpl/care", "https://www.example.com/tips?a=1", segment="grade:H")
    assert door.make("tpl/care", "https://www.example.com/tips?a=1", segment="grade:H") == north
    other = door.make("tpl/care", "https://www.example.com/tips?a=1", segment="grade:A")
    for url in (north, north, other):
        assert door.follow(token_of(url)) == "https://www.example.com/tips?a=1"
    rows = [(one.content, one.segment, one.clicks.value, one.clicks.small) for one in door.by_content()]
    assert rows == [("tpl/care", "grade:H", 2, True), ("tpl/care", "grade:A", 1, True)]
    assert door.by_content(first_day=TODAY + timedelta(days=1)) == ()
    assert door.link(token_of(north)).clicks == 2


def test_clicks_are_counted_by_where_they_led(engine):
    """Two pages of one host are one channel; a link that nobody followed counts as a link."""
    hosts = ["mp.example.com", "app.example.com"]
    door = links(engine, hosts=hosts)
    subscribe = door.make("tpl/care", "https://mp.example.com/s/1")
    article = door.make("tpl/sales", "https://mp.example.com/s/2", segment="grade:H")
    door.make("tpl/care", "https://app.example.com/download")
    for url in (subscribe, article, article):
        door.follow(token_of(url))
    rows = [(one.host, one.links, one.clicks.value) for one in door.by_target()]
    assert rows == [("mp.example.com", 2, 3), ("app.example.com", 1, 0)]
    assert "preview" in door.by_target()[0].clicks.definition


def test_many_clicks_at_once_are_all_counted(engine):
    """Eight threads, one link: no click is lost."""
    door = links(engine)
    token = token_of(door.make("tpl/care", "https://www.example.com/", segment="s"))
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: door.follow(token), range(12)))
    assert door.by_content()[0].clicks.value == 12


def test_a_click_of_a_customer_is_a_signal_for_tag_rules(memory):
    """Content and category are told, once a minute; a segment's click is nobody's."""
    heard: list[Signal] = []
    door = links(memory, hear=heard.append)
    url = door.make("tpl/care", "https://www.example.com/", category=Category.KNOWLEDGE, external_userid="wm1")
    door.follow(token_of(url))
    door.follow(token_of(url))
    door.follow(token_of(door.make("tpl/care", "https://www.example.com/", segment="s")))
    assert [(one.value, one.external_userid) for one in heard] == [("click:tpl/care", "wm1"), ("click:汽车干货", "wm1")]
    rule = TagRule(id="r", kind=SignalKind.EVENT, group="兴趣", tag="用车", equals=frozenset({"click:汽车干货"}))
    assert [one.tag for signal in heard for one in evaluate([rule], signal)] == ["用车"]


def test_the_address_holds_nothing_about_the_customer(memory):
    """Neither the id nor the member nor the content stands in it."""
    url = links(memory).make("tpl/care", "https://www.example.com/", external_userid="wmSECRET", userid="anna")
    assert not any(word in url for word in ("wmSECRET", "anna", "care", "www"))


@pytest.mark.parametrize(
    "target",
    [
        "http://www.example.com/",
        "https://evil.example/",
        "https://www.example.com.evil.example/",
        "https://www.example.com@evil.example/",
        "https://www.example.com:8443/",
        "https://evil.example\\@www.example.com/",
        "//www.example.com/",
        "javascript:alert(1)",
        "https://www.example.com/\r\nSet-Cookie: a=b",
        "https://[www.example.com/",
        "https://www.example.com/" + "a" * 2048,
    ],
)
def test_a_link_leads_to_named_hosts_only(memory, target):
    """Whatever a browser could read in another way is refused when the link is made."""
    with pytest.raises(ConfigurationError, match="may not lead there"):
        links(memory).make("tpl/care", target)


def test_a_host_that_is_allowed_no_longer_is_closed_at_once(memory):
    """Links that are out lead nowhere, too."""
    token = token_of(links(memory).make("tpl/care", "https://www.example.com/"))
    assert links(memory, hosts=["shop.example.com"]).follow(token) is None


def test_an_expired_link_leads_nowhere(memory):
    """Neither for GET nor for HEAD."""
    token = token_of(links(memory).make("tpl/care", "https://www.example.com/", expires_at=NINE + timedelta(days=1)))
    later = links(memory, clock=(NINE + timedelta(days=1)).timestamp)
    assert (later.follow(token), later.target(token), links(memory).target(token)) == (
        None,
        None,
        "https://www.example.com/",
    )


def test_addresses_of_another_key_or_corp_are_not_ours(memory):
    """A seal is of one key and one corp."""
    token = token_of(links(memory).make("tpl/care", "https://www.example.com/"))
    assert links(memory, key=b"x" * 32).follow(token) is None
    with pytest.raises(ConfigurationError, match="at least 32"):
        links(memory, key=b"short")


@given(st.text(max_size=60))
def test_no_invented_address_leads_anywhere(text):
    """Any text is refused before the database is asked."""
    engine = sa.create_engine("sqlite://")
    assert links(engine).follow(text) is None


def test_a_customer_is_forgotten_with_their_links(memory):
    """What was counted by segment names nobody and stays."""
    door = links(memory)
    token = token_of(door.make("tpl/care", "https://www.example.com/", external_userid="wm1"))
    door.follow(token)
    assert (door.forget("wm1"), door.follow(token), len(door.by_content())) == (1, None, 1)
    assert door.forget("") == 0


# Doors.


def by_wsgi(door: ShortLinks, method: str, path: str) -> tuple[int, dict[str, str]]:
    """Answer of the WSGI door."""
    environ: dict[str, object] = {}
    setup_testing_defaults(environ)
    environ |= {"REQUEST_METHOD": method, "PATH_INFO": path}
    seen: list[tuple[str, list[tuple[str, str]]]] = []
    body = wsgi_door(door)(environ, lambda status, headers: seen.append((status, headers)))
    assert b"".join(body) == b""
    return int(seen[0][0][:3]), dict(seen[0][1])


def by_asgi(door: ShortLinks, method: str, path: str) -> tuple[int, dict[str, str]]:
    """Answer of the ASGI door."""
    sent: list[dict[str, object]] = []

    async def send(message):
        sent.append(message)

    async def run():
        await asgi_door(door)({"type": "http", "method": method, "path": path, "headers": []}, None, send)

    asyncio.run(run())
    headers = {name.decode().title(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], headers


@pytest.fixture
def on_file(tmp_path) -> Iterator[sa.Engine]:
    """A database that several threads may use."""
    with fresh_database("sqlite", tmp_path) as url:
        engine = open_store(url, migrate=False)
        yield engine
        engine.dispose()


@pytest.mark.parametrize("ask", [by_wsgi, by_asgi])
def test_both_doors_answer_alike(on_file, ask):
    """GET counts, HEAD does not, the rest is refused without a word, and nothing is kept."""
    door = links(on_file)
    path = "/c/" + token_of(door.make("tpl/care", "https://www.example.com/试驾?a=1%20b", segment="s"))
    status, headers = ask(door, "GET", path)
    assert (status, headers["Location"]) == (302, "https://www.example.com/%E8%AF%95%E9%A9%BE?a=1%20b")
    assert (headers["Cache-Control"], headers["Referrer-Policy"]) == ("no-store", "no-referrer")
    assert ask(door, "HEAD", path)[0] == 302
    assert door.by_content()[0].clicks.value == 1
    for method, where, expected in (("GET", path + "x", 404), ("GET", "/c/", 404), ("POST", path, 405)):
        status, headers = ask(door, method, where)
        assert (status, "Location" in headers) == (expected, False)


@pytest.mark.parametrize("ask", [by_wsgi, by_asgi])
def test_a_database_that_is_down_is_no_way_out(ask, tmp_path):
    """A sealed address without a database is 503, not a traceback."""
    engine = open_store(f"sqlite:///{tmp_path / 'x.db'}", migrate=False)
    token = links(engine)._token(7)
    assert ask(links(engine), "GET", f"/c/{token}")[0] == 503
    engine.dispose()


def test_a_click_that_cannot_be_counted_still_leads_on(memory):
    """Whoever clicks wants the page."""
    door = links(memory)
    token = token_of(door.make("tpl/care", "https://www.example.com/"))
    with memory.begin() as connection:
        connection.exec_driver_sql("DROP TABLE automotive_clicks")
    assert door.follow(token) == "https://www.example.com/"
