"""Another SDK, written against the real platform, works against the served fake: proof that ours did not bend it.

wechatpy calls this chapter `wechatpy.enterprise` up to 1.8 and `wechatpy.work` from 2.0 on; either will do.
"""

from __future__ import annotations

import importlib
import importlib.util
import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from wecom_auto.testing import FakeWeCom

pytest.importorskip("wechatpy", reason="wechatpy is the other SDK of these tests: pip install wechatpy")
EDITION = "wechatpy.work" if importlib.util.find_spec("wechatpy.work") else "wechatpy.enterprise"
edition = importlib.import_module(EDITION)
exceptions = importlib.import_module("wechatpy.exceptions")

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 16
TOKEN, AES_KEY = "Tk0enForTests", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"


@pytest.fixture
def app(wecom: FakeWeCom, wecom_url: str) -> Iterator[Any]:
    """Give a client of the other SDK, told only where the platform is."""

    class Client(edition.WeChatClient):
        API_BASE_URL = f"{wecom_url}/cgi-bin/"

        def fetch_access_token(self) -> Any:
            # The original names the platform's host here instead of its own constant.
            params = {"corpid": self.corp_id, "corpsecret": self.secret}
            return self._fetch_access_token(f"{self.API_BASE_URL}gettoken", params)

    wecom.add_member("zhangsan", name="张三")
    client = Client(wecom.corp_id, wecom.secret)
    client._http.trust_env = False
    yield client
    client._http.close()


@pytest.fixture
def lisi(wecom: FakeWeCom) -> str:
    """Give the id of a customer of zhangsan's."""
    return wecom.add_customer(name="李四", followed_by="zhangsan", state="bj01").external_userid


def test_the_token_is_fetched_once_and_renewed_when_it_dies(app: Any, wecom: FakeWeCom) -> None:
    """The other SDK keeps its token, and 42001 of the fake makes it take a new one and ask again."""
    assert app.external_contact.get_follow_user_list()["follow_user"] == ["zhangsan"]
    app.external_contact.get_follow_user_list()
    assert wecom.count("gettoken") == 1
    wecom.clock.advance(hours=3)
    assert app.external_contact.get_follow_user_list()["errcode"] == 0
    assert wecom.count("gettoken") == 2


def test_a_wrong_secret_is_told_in_its_own_words(wecom: FakeWeCom, app: Any) -> None:
    """The errcode of a refused gettoken arrives as that SDK's exception."""
    app.secret = "wrong"
    with pytest.raises(exceptions.WeChatClientException) as caught:
        app.fetch_access_token()
    assert caught.value.errcode == 40001


def test_customers_are_listed_and_read(app: Any, lisi: str) -> None:
    """Ids, details and pages by member have the shape that the other SDK expects."""
    assert app.external_contact.list("zhangsan")["external_userid"] == [lisi]
    detail = app.external_contact.get(lisi)
    assert detail["external_contact"]["name"] == "李四"
    assert detail["follow_user"][0]["state"] == "bj01"
    page = app.post("externalcontact/batch/get_by_user", data={"userid_list": ["zhangsan"], "limit": 100})
    assert page["external_contact_list"][0]["follow_info"]["userid"] == "zhangsan"
    assert page["next_cursor"] == ""


def test_tags_are_created_edited_set_and_deleted(app: Any, wecom: FakeWeCom, lisi: str) -> None:
    """The life of a corp tag, with the optional fields that this SDK fills in."""
    created = app.external_contact.add_corp_tag(None, "意向", 1, [{"name": "高", "order": 1}])
    tag_id = created["tag_group"]["tag"][0]["id"]
    app.external_contact.edit_corp_tag(tag_id, "很高", 2)
    assert app.external_contact.get_corp_tag_list([tag_id])["tag_group"][0]["tag"][0]["name"] == "很高"
    app.external_contact.mark_tag("zhangsan", lisi, add_tag=[tag_id])
    assert [one.name for one in wecom.customer(lisi).tags_by("zhangsan")] == ["很高"]
    app.external_contact.mark_tag("zhangsan", lisi, remove_tag=[tag_id])
    assert wecom.customer(lisi).tags_by("zhangsan") == []
    app.external_contact.del_corp_tag(tag_id=[tag_id])
    assert app.external_contact.get_corp_tag_list()["tag_group"] == []


def test_contact_ways_live_and_die(app: Any, wecom: FakeWeCom) -> None:
    """A channel code is created, scanned, read, changed and deleted."""
    created = app.external_contact.add_contact_way(2, 2, remark="展厅", state="bj01", user=["zhangsan"])
    wecom.scan(created["qr_code"], name="王五")
    assert app.external_contact.get_contact_way(created["config_id"])["contact_way"]["state"] == "bj01"
    app.external_contact.update_contact_way(created["config_id"], remark="新展厅", user=["zhangsan"])
    assert app.external_contact.get_contact_way(created["config_id"])["contact_way"]["remark"] == "新展厅"
    app.external_contact.del_contact_way(created["config_id"])
    with pytest.raises(exceptions.WeChatClientException) as caught:
        app.external_contact.get_contact_way(created["config_id"])
    assert caught.value.errcode == 41044


def test_a_mass_message_waits_for_a_tap(app: Any, wecom: FakeWeCom, lisi: str) -> None:
    """Task and result of a mass message change when the member taps, and not before."""
    template = {"external_userid": [lisi], "sender": "zhangsan", "text": {"content": "周末试驾"}}
    msgid = app.external_contact.add_msg_template(template)["msgid"]
    ask = {"msgid": msgid, "userid": "zhangsan", "limit": 500, "cursor": ""}
    assert app.post("externalcontact/get_groupmsg_task", data={"msgid": msgid})["task_list"][0]["status"] == 0
    assert app.post("externalcontact/get_groupmsg_send_result", data=ask)["send_list"][0]["status"] == 0
    wecom.tap("zhangsan")
    assert app.post("externalcontact/get_groupmsg_task", data={"msgid": msgid})["task_list"][0]["status"] == 2
    assert app.post("externalcontact/get_groupmsg_send_result", data=ask)["send_list"][0]["status"] == 1
    now = int(wecom.clock.time())
    span = {"chat_type": "single", "start_time": now - 86_400, "end_time": now}
    assert app.post("externalcontact/get_groupmsg_list_v2", data=span)["group_msg_list"][0]["msgid"] == msgid


def test_groups_are_listed_and_read(app: Any, wecom: FakeWeCom, lisi: str) -> None:
    """Customer groups by owner, and the members of one."""
    chat_id = wecom.create_group("zhangsan", "车友群").chat_id
    wecom.join_group(chat_id, lisi)
    listed = app.post("externalcontact/groupchat/list", data={"limit": 100, "status_filter": 0})
    assert [one["chat_id"] for one in listed["group_chat_list"]] == [chat_id]
    read = app.post("externalcontact/groupchat/get", data={"chat_id": chat_id})["group_chat"]
    assert [one["userid"] for one in read["member_list"]] == ["zhangsan", lisi]


def test_group_lists_are_walked_by_cursor(app: Any, wecom: FakeWeCom) -> None:
    """The other SDK's own walk comes to its end, a group a page, with and without an owner."""
    wecom.add_member("lisi")
    ids = [wecom.create_group(owner, "群").chat_id for owner in ("zhangsan", "zhangsan", "lisi")]
    groups = app.external_contact_group_chat
    assert [one["chat_id"] for one in groups.list_all(limit=1)] == ids
    assert [one["chat_id"] for one in groups.list_all(owner_userid_list=["lisi"], limit=1)] == ids[2:]
    assert wecom.count("externalcontact/groupchat/list") == 4
    assert groups.get(ids[0])["group_chat"]["owner"] == "zhangsan"


def test_statistics_are_read(app: Any, wecom: FakeWeCom, lisi: str) -> None:
    """Times inside a day stand for the day, and every default that this SDK writes is taken."""
    wecom.create_group("zhangsan", "群")
    wecom.chat(lisi, "zhangsan", sent=2, received=1)
    wecom.clock.advance(days=1)
    day = int(wecom.clock.time()) - 86_400
    (row,) = app.external_contact.get_user_behavior_data(["zhangsan"], day, day)["behavior_data"]
    assert (row["chat_cnt"], row["message_cnt"]) == (1, 2)
    answer = app.external_contact_group_chat.statistic(day, owner_userid_list=["zhangsan"])
    assert (answer["total"], answer["next_offset"], answer["items"][0]["data"]["new_chat_cnt"]) == (1, 1, 1)


def test_customers_of_who_left_are_listed_by_page_and_handed_over(app: Any, wecom: FakeWeCom, lisi: str) -> None:
    """The numbered pages end with is_last; a day after the call somebody else has the customer."""
    wecom.add_member("wangwu")
    wecom.leave("zhangsan")
    first = app.external_contact.get_unassigned_list(0, 1)
    assert [one["external_userid"] for one in first["info"]] == [lisi]
    assert first["is_last"] is True
    assert app.external_contact.get_unassigned_list(1, 1)["info"] == []
    names = {"handover_userid": "zhangsan", "takeover_userid": "wangwu"}
    started = app.post("externalcontact/resigned/transfer_customer", data={**names, "external_userid": [lisi]})
    assert started["customer"] == [{"external_userid": lisi, "errcode": 0}]
    wecom.clock.advance(hours=24)
    assert app.post("externalcontact/resigned/transfer_result", data=names)["customer"][0]["status"] == 1
    assert app.external_contact.list("wangwu")["external_userid"] == [lisi]


def test_what_is_left_out_may_be_null(app: Any, lisi: str) -> None:
    """Clients that write null for a field they do not give are understood as clients that leave it out."""
    ids = {"userid": "zhangsan", "external_userid": lisi}
    app.post("externalcontact/remark", data={**ids, "remark": "老客户", "remark_mobiles": ["13800000000"]})
    app.post("externalcontact/remark", data={**ids, "remark": None, "remark_mobiles": None, "description": "试驾"})
    (follow,) = app.external_contact.get(lisi)["follow_user"]
    assert (follow["remark"], follow["remark_mobiles"], follow["description"]) == ("老客户", ["13800000000"], "试驾")


def test_group_welcomes_live_and_die(app: Any) -> None:
    """A template is added, replaced, read and deleted, with an agentid or without one."""
    if not hasattr(app.external_contact, "add_group_welcome_template"):
        pytest.skip("this edition of wechatpy knows no group welcomes")
    contact = app.external_contact
    template_id = contact.add_group_welcome_template({"text": {"content": "您好"}}, agentid=1)["template_id"]
    contact.update_group_welcome_template({"text": {"content": "欢迎"}}, template_id)
    assert contact.get_group_welcome_template(template_id)["text"] == {"content": "欢迎"}
    contact.del_group_welcome_template(template_id)
    with pytest.raises(exceptions.WeChatClientException) as caught:
        contact.get_group_welcome_template(template_id)
    assert caught.value.errcode == 40037


def test_files_are_uploaded(app: Any) -> None:
    """Multipart bodies of requests, a Chinese file name included."""
    file = io.BytesIO(PNG)
    file.name = "试驾 海报.png"
    assert app.media.upload("image", file)["media_id"]
    assert app.media.upload("file", ("a.txt", b"longer than five bytes"))["type"] == "file"
    assert app.media.upload_img(("a.png", PNG))["url"].startswith("https://")


@pytest.mark.parametrize("spell", [int, str], ids=["number", "digits"])
def test_messages_are_sent(app: Any, wecom: FakeWeCom, spell: type) -> None:
    """Empty receivers and an agentid of digits, as many programs send them, are taken."""
    agent_id = spell(wecom.agent_id)
    app.message.send_text(agent_id, ["zhangsan"], "到店提醒")
    app.message.send_markdown(agent_id, "@all", "**到店**")
    app.message.send_text_card(agent_id, "zhangsan", "标题", "描述", "https://example.com")
    app.message.send_articles(
        agent_id, "zhangsan", [{"title": "标题", "description": "描述", "url": "https://example.com", "image": ""}]
    )
    kinds = [one.msgtype for one in wecom.messages_to("zhangsan")]
    assert kinds == ["text", "markdown", "textcard", "news"]


def test_bad_days_are_its_bad_days(app: Any, wecom: FakeWeCom) -> None:
    """A rate limit and an HTTP error arrive as the exceptions that this SDK has for them."""
    wecom.fail_next("externalcontact/get_follow_user_list", errcode=45009)
    with pytest.raises(exceptions.APILimitedException):
        app.external_contact.get_follow_user_list()
    wecom.fail_next("externalcontact/get_follow_user_list", status=502)
    with pytest.raises(exceptions.WeChatClientException) as caught:
        app.external_contact.get_follow_user_list()
    assert caught.value.response.status_code == 502


def test_what_the_platform_retired_is_404(app: Any) -> None:
    """An endpoint that the manual has dropped is not brought back to life for an old SDK."""
    with pytest.raises(exceptions.WeChatClientException) as caught:
        app.external_contact.get_group_msg_result("msg")
    assert caught.value.response.status_code == 404


# Callbacks, opened with the other SDK's keys


class Receiver(BaseHTTPRequestHandler):
    """A callback server that knows nothing of ours."""

    crypto: Any
    inbox: list[dict[str, Any]]

    def _query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.path).query))

    def do_GET(self) -> None:
        """Echo, as URL verification asks."""
        query = self._query()
        echo = self.crypto.check_signature(query["msg_signature"], query["timestamp"], query["nonce"], query["echostr"])
        self.send_response(200)
        self.end_headers()
        self.wfile.write(echo.encode() if isinstance(echo, str) else echo)

    def do_POST(self) -> None:
        """Open a message."""
        query, body = self._query(), self.rfile.read(int(self.headers["content-length"]))
        plain = self.crypto.decrypt_message(body, query["msg_signature"], query["timestamp"], query["nonce"])
        self.inbox.append(edition.parse_message(plain)._data)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_args: object) -> None:
        """Write nothing."""


@contextmanager
def _receiving(corp_id: str) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    inbox: list[dict[str, Any]] = []
    crypto = importlib.import_module(f"{EDITION}.crypto").WeChatCrypto(TOKEN, AES_KEY, corp_id)
    handler = type("Bound", (Receiver,), {"crypto": crypto, "inbox": inbox})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/callback", inbox
        server.shutdown()
        thread.join()


def test_callbacks_open_with_the_other_sdks_keys(app: Any, wecom: FakeWeCom) -> None:
    """URL verification, signature, decryption and XML of a delivered event, all by the other SDK."""
    code = app.external_contact.add_contact_way(1, 2, state="bj01", user=["zhangsan"])
    with _receiving(wecom.corp_id) as (url, inbox):
        assert wecom.verify_url(url, TOKEN, AES_KEY).ok
        wecom.deliver_to(url, TOKEN, AES_KEY)
        lisi = wecom.scan(code["config_id"], name="李四")
        assert [one.outcome for one in wecom.deliver()] == ["delivered"]
    (event,) = inbox
    assert (event["Event"], event["ChangeType"]) == ("change_external_contact", "add_external_contact")
    assert (event["UserID"], event["ExternalUserID"], event["State"]) == ("zhangsan", lisi.external_userid, "bj01")
    welcome = {"welcome_code": event["WelcomeCode"], "text": {"content": "您好"}}
    assert app.external_contact.send_welcome_msg(welcome)["errcode"] == 0
