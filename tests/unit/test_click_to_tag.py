"""From a message to a tag: the link that a customer gets, the click, the rule, the mark on the platform, the SOP."""

from __future__ import annotations

import asyncio
import re
from wsgiref.util import setup_testing_defaults

import pytest
from tests.stores import KINDS, fresh_database

from wecom_auto.automotive.content import Category, ShortLinks, asgi_door, wsgi_door
from wecom_auto.automotive.tagplan import Tagger, TagPlan
from wecom_auto.callbacks.events import CustomerAdded
from wecom_auto.directory import Directory
from wecom_auto.sop import Contents, Definition, Runner
from wecom_auto.store import open_store
from wecom_auto.testing import FakeWeCom

PLAN = TagPlan.from_file(
    """
    name = "clicks"
    [[group]]
    name = "兴趣"
    tags = ["试驾", "用车"]
    [[rule]]
    id = "drive"
    from = "event"
    equals = ["click:prospect/drive"]
    tag = "兴趣/试驾"
    [[rule]]
    id = "knowledge"
    from = "event"
    equals = ["click:汽车干货"]
    tag = "兴趣/用车"
    for = "30d"
    """
)
CALL = """
sop     = "interested"
version = 1
title   = "点击试驾后回访"
[entry]
on = "tag.added:试驾"
[[step]]
id = "call"
at = "+0d"
do = { staff_task = { title = "客户看了试驾页，请联系", kind = "call", due = "2h" } }
"""


def by_wsgi(links: ShortLinks, path: str) -> str:
    """Open an address as a WSGI server would."""
    environ, told = {"REQUEST_METHOD": "GET", "PATH_INFO": path}, {}
    setup_testing_defaults(environ)
    wsgi_door(links)(environ, lambda status, headers: told.update(headers))
    return told.get("Location", "")


def by_asgi(links: ShortLinks, path: str) -> str:
    """Open an address as an ASGI server would."""
    said = []

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        said.append(message)

    scope = {"type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "query_string": b""}
    asyncio.run(asgi_door(links)({**scope, "headers": []}, receive, send))
    return dict(said[0]["headers"]).get(b"location", b"").decode()


@pytest.mark.parametrize("opened", [by_wsgi, by_asgi])
@pytest.mark.parametrize("kind", KINDS)
def test_a_click_becomes_a_tag_on_the_platform_and_work_for_the_member(kind, opened, tmp_path):
    """The link of a real welcome message is opened, the tag is on the member's customer, and a SOP asks for a call."""
    fake = FakeWeCom()
    fake.add_member("anna")
    client = fake.client()
    PLAN.apply(client)
    with fresh_database(kind, tmp_path) as url:
        engine = open_store(url)
        directory = Directory(engine, fake.corp_id, clock=fake.clock.time)
        directory.sync(client)
        tagger = Tagger(engine, fake.corp_id, PLAN, clock=fake.clock.time)
        links = ShortLinks(
            engine,
            fake.corp_id,
            key=b"k" * 32,
            base_url="https://go.example.com/c",
            hosts=["www.example.com"],
            hear=tagger.hear,
            clock=fake.clock.time,
        )
        runner = Runner(engine, client, directory, Contents({}))
        runner.publish(Definition.from_toml(CALL), fake.clock.now())

        code = client.contact_ways.create(users=["anna"], skip_verify=True)
        customer = fake.scan(code.config_id, name="王女士").external_userid
        other = fake.scan(code.config_id, name="李先生").external_userid
        for event in fake.undelivered:
            directory.apply(event, client)
            if isinstance(event, CustomerAdded):
                page = "https://www.example.com/drive"
                who = event.external_userid
                mine = links.make("prospect/drive", page, category=Category.KNOWLEDGE, external_userid=who)
                client.welcome.send(event.welcome_code, text=f"预约试驾：{mine}")
        sent = [one.body["text"]["content"] for one in fake.calls("externalcontact/send_welcome_msg")]
        (path,) = re.findall(r"https://go.example.com(\S+)", sent[0])
        assert opened(links, path) == "https://www.example.com/drive"

        report = tagger.run(client, directory, fake.clock.now(), tell=runner.tag_added)
        assert (report.on, report.failed) == (2, {})
        assert {tag.name for tag in fake.customer(customer).tags_by("anna")} == {"试驾", "用车"}
        assert fake.customer(other).tags_by("anna") == []
        assert directory.facts(customer).has_tag("试驾")

        # The platform tells nobody of a tag that a program has set: `tell` did.
        runner.tick(fake.clock.now())
        assert [task.title for task in runner.tasks.open(assignee="anna").tasks] == ["客户看了试驾页，请联系"]
        engine.dispose()
