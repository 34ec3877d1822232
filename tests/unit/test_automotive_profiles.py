"""Cards of staff: a template is filled for each member, deviations are told, and only they are written."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from wecom_auto.automotive.network import Network, parse_network
from wecom_auto.automotive.profiles import ProfileTemplate, StaffProblem, apply, audit, staff_standings
from wecom_auto.models import (
    ChannelsAccount,
    CorpMember,
    ExternalAttribute,
    ExternalAttributeType,
    ExternalProfile,
    MiniProgramValue,
    TextValue,
    WebValue,
)
from wecom_auto.sop import DefinitionError
from wecom_auto.testing import FakeWeCom

SYNC_ID = 1_000_099
TOML = """
name = "顾问名片"
roles = ["sales_advisor", "dcc_operator"]
external_position = "{title}"
alias = "{name}（{store}）"
corp_name = "远途汽车"
channels = "远途汽车"
[titles]
sales_advisor = "专属顾问"
dcc_operator = "体验官"
[[line]]
label = "门店"
text = "{store}"
[[line]]
label = "预约试驾"
title = "预约试驾"
url = "https://example.com/drive?store={store}"
[[line]]
label = "选车"
title = "看车型"
appid = "wx01"
page = "pages/cars"
"""
TEMPLATE = ProfileTemplate.from_file(TOML)
NETWORK = parse_network(
    {
        "name": "远途",
        "region": [{"code": "north", "name": "华北"}],
        "dealer": [{"code": "bj", "name": "北京远途", "region": "north"}],
        "store": [{"code": "bj01", "name": "朝阳店", "dealer": "bj"}],
        "member": [
            {"userid": "anna", "store": "bj01", "roles": ["sales_advisor"]},
            {"userid": "dora", "store": "bj01", "roles": ["koc", "dcc_operator"]},
            {"userid": "mechanic", "store": "bj01", "roles": ["technician"]},
            {"userid": "gone", "store": "bj01", "roles": ["sales_advisor"], "active": False},
        ],
    }
)


class Stage:
    """A corp with three members, an app that reads and the secret that writes."""

    def __init__(self) -> None:
        self.fake = FakeWeCom()
        for userid, name in (("anna", "安娜"), ("dora", "朵拉"), ("mechanic", "老王")):
            self.fake.add_member(userid, name=name)
        self.fake.add_app("通讯录同步", "sync", agent_id=SYNC_ID)
        self.fake.set_contact_sync(agent_id=SYNC_ID)
        self.reader = self.fake.client()
        self.writer = self.fake.client(secret="sync", agent_id=SYNC_ID)

    def apply(self, network: Network = NETWORK, template: ProfileTemplate = TEMPLATE):
        """Apply the template."""
        return apply(template, network, reader=self.reader, writer=self.writer)

    def written(self) -> list[str]:
        """Return whose cards were written."""
        return [one.body["userid"] for one in self.fake.calls("user/update") if one.errcode == 0]


@pytest.fixture
def stage() -> Iterator[Stage]:
    """Give the corp."""
    found = Stage()
    yield found
    found.reader.close()
    found.writer.close()


def test_an_audit_tells_what_differs_and_changes_nothing(stage):
    """Everybody with one of the roles is looked at, every field is named, and nothing is written."""
    found = audit(TEMPLATE, NETWORK, stage.reader)
    assert found.userids == ("anna", "dora")
    assert [one.field for one in found.deviations if one.userid == "anna"] == [
        "external_position",
        "alias",
        "corp_name",
        "channels",
        "line:门店",
        "line:预约试驾",
        "line:选车",
    ]
    assert str(found.deviations[0]) == "anna external_position: nothing instead of 专属顾问"
    assert (found.kept, found.failed, found.stopped) == (0, {}, "")
    assert stage.fake.count("user/update") == 0


def test_cards_become_those_of_the_template(stage):
    """Titles go by role, names of shops are put in, an address is quoted; a second run writes nothing."""
    report = stage.apply()
    assert (report.written, report.ignored, report.failed) == (("anna", "dora"), (), {})
    anna, dora = (stage.reader.members.get(one) for one in ("anna", "dora"))
    assert (anna.external_position, anna.alias, anna.name) == ("专属顾问", "安娜（朝阳店）", "安娜")
    assert dora.external_position == "体验官"
    card = anna.external_profile
    assert (card.external_corp_name, card.wechat_channels.nickname) == ("远途汽车", "远途汽车")
    shop, drive, cars = card.external_attr
    assert shop.text.value == "朝阳店"
    assert drive.web.url == "https://example.com/drive?store=%E6%9C%9D%E9%98%B3%E5%BA%97"
    assert (cars.mini_program.appid, cars.mini_program.page) == ("wx01", "pages/cars")
    again = stage.apply()
    assert (again.written, again.kept) == ((), 2)
    assert stage.written() == ["anna", "dora"]
    assert audit(TEMPLATE, NETWORK, stage.reader).deviations == ()


def test_only_what_differs_is_written_and_the_rest_stays(stage):
    """A changed title costs the title only; lines that the template does not name stay as the member has them."""
    stage.apply()
    stage.fake.edit_card("anna", external_position="销售冠军")
    stage.apply()
    assert stage.fake.calls("user/update")[-1].body == {"userid": "anna", "external_position": "专属顾问"}
    stage.fake.edit_card("anna", texts={"门店": "别的店", "爱好": "露营"})
    assert [str(one) for one in audit(TEMPLATE, NETWORK, stage.reader).deviations] == [
        "anna line:门店: 别的店 instead of 朝阳店"
    ]
    stage.apply()
    body = stage.fake.calls("user/update")[-1].body
    assert set(body) == {"userid", "external_profile"}
    assert [one["name"] for one in body["external_profile"]["external_attr"]] == ["门店", "预约试驾", "选车", "爱好"]
    assert stage.reader.members.get("anna").external_profile.external_attr[-1].text.value == "露营"


def test_what_the_platform_ignores_is_told(stage):
    """A label that the console does not have is ignored in silence there, and told here."""
    stage.fake.allow_on_cards(labels=["门店", "预约试驾", "选车"], mini_programs=[])
    report = stage.apply()
    assert report.written == ("anna", "dora")
    assert [(one.userid, one.field) for one in report.ignored] == [("anna", "line:选车"), ("dora", "line:选车")]


def test_one_member_does_not_stop_the_others(stage):
    """Who left, or has a name that does not fit, is told with the reason; everybody else is served."""
    stage.fake.leave("anna")
    report = stage.apply()
    assert report.written == ("dora",)
    assert "60111" in report.failed["anna"]
    long = ProfileTemplate.from_file('name = "x"\nexternal_position = "{dealer}{store}{title}顾问中心"')
    found = audit(long, NETWORK, stage.reader, userids=["dora", "mechanic"])
    assert "at most 12" in found.failed["dora"]
    assert set(found.failed) == {"dora", "mechanic"}
    assert stage.fake.count("user/update") == 1


def test_a_secret_that_may_not_write_ends_the_run(stage):
    """An app's secret instead of that of contact sync: one refusal, not one for each member, and who is left."""
    report = apply(TEMPLATE, NETWORK, reader=stage.reader, writer=stage.reader)
    assert "48002" in report.stopped
    assert (report.written, report.failed, report.rest) == ((), {}, ("anna", "dora"))
    assert stage.fake.count("user/update") == 1


def test_a_run_that_was_stopped_goes_on_where_it_stood(stage):
    """A run that ends at the second card says who is left; the next one writes the second card only."""
    first = apply(TEMPLATE, NETWORK, reader=stage.reader, writer=stage.writer, userids=["anna"])
    assert (first.written, first.rest) == (("anna",), ())
    stage.fake.fail_next("user/update", errcode=45009)
    report = stage.apply()
    assert "45009" in report.stopped
    assert (report.kept, report.written, report.rest) == (1, (), ("dora",))
    stage.fake.clock.advance(hours=2)
    again = stage.apply()
    assert (again.kept, again.written, again.rest, again.stopped) == (1, ("dora",), (), "")
    assert stage.written() == ["anna", "dora"]


def test_a_lost_answer_is_asked_again(stage):
    """A write whose answer was lost is repeated by the client: it sets a state."""
    stage.fake.fail_next("user/update", reset="after")
    assert stage.apply().written == ("anna", "dora")


def test_nothing_to_put_for_a_word_is_a_problem_of_the_member(stage):
    """A member of no store has no store to name, and gets no half-empty card."""
    network = parse_network({"member": [{"userid": "anna", "roles": ["sales_advisor"]}]})
    report = stage.apply(network)
    assert "{store}" in report.failed["anna"]
    assert stage.fake.count("user/update") == 0


def test_a_role_without_a_title_has_that_of_the_network():
    """The network's own title of a role is the second choice; a role that the template is not for has none."""
    plain = ProfileTemplate.from_file('name = "x"\nroles = ["sales_advisor"]\nexternal_position = "{title}"')
    assert plain.card(NETWORK.members["anna"], NETWORK).external_position == "销售顾问"
    assert TEMPLATE.title(NETWORK.members["dora"], NETWORK) == "体验官"
    assert TEMPLATE.title(NETWORK.members["mechanic"], NETWORK) == ""


def test_unknown_fields_of_the_platform_are_no_deviation():
    """What a later platform adds to a line or an account changes nothing for the comparison."""
    template = ProfileTemplate.from_file('name = "x"\nchannels = "远途"\n[[line]]\nlabel = "门店"\ntext = "{store}"')
    card = template.card(NETWORK.members["anna"], NETWORK)
    line = ExternalAttribute(name="门店", text=TextValue(value="朝阳店", extra={"colour": "red"}), extra={"new": 1})
    profile = ExternalProfile(wechat_channels=ChannelsAccount(nickname="远途", extra={"n": 1}), external_attr=(line,))
    assert card.deviations(CorpMember(userid="anna", external_profile=profile)) == ()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('external_position = "{titel}"', "did you mean 'title'"),
        ('external_position = "{title"', "not a pattern"),
        ('external_position = "{store.name}"', "nothing is called {store.name}"),
        ('[[line]]\nlabel = "a"', "is a text, or a title with url"),
        ('[[line]]\nlabel = "a"\ntext = "b"\nurl = "https://x.cn"', "is a text, or a title with url"),
        ('[[line]]\nlabel = "a"\nurl = "https://x.cn"', "is a text, or a title with url"),
        ('[[line]]\nlabel = "a"\ntitle = "t"\nurl = "x.cn"', "does not begin with http"),
        ('[[line]]\nlabel = "a"\ntext = "b"\n[[line]]\nlabel = "a"\ntext = "c"', "same label"),
        ('titles = "x"', "roles and titles"),
        ('position = "x"', "unknown key"),
    ],
)
def test_a_template_that_cannot_be_meant_is_refused(text, words):
    """With the place and a remedy, before anybody is asked."""
    with pytest.raises(DefinitionError) as caught:
        ProfileTemplate.from_file('name = "x"\n' + text)
    assert words in str(caught.value)


def test_lines_that_no_card_shall_have_are_taken_off(stage):
    """Of every type, whatever they say; lines that nobody names stay, and a second run writes nothing."""
    old = ExternalProfile(
        external_attr=(
            ExternalAttribute(name="旧门店", text=TextValue(value="关了")),
            ExternalAttribute(name="手机", text=TextValue(value="自己的")),
            ExternalAttribute(
                name="旧官网", type=ExternalAttributeType.WEB, web=WebValue(url="https://old.example.com", title="旧")
            ),
            ExternalAttribute(
                name="旧程序",
                type=ExternalAttributeType.MINI_PROGRAM,
                mini_program=MiniProgramValue(appid="wx9", page="p", title="旧"),
            ),
        )
    )
    stage.writer.members.update("anna", external_profile=old)
    template = ProfileTemplate.from_file('name = "t"\nremove = ["旧门店", "旧官网", "旧程序", "没有的"]\n')
    plan = audit(template, NETWORK, stage.reader)
    assert str(plan.deviations[0]) == "anna line:旧门店: 关了 instead of nothing"
    assert (plan.userids, len(plan.deviations)) == (("anna",), 3)
    report = stage.apply(template=template)
    assert (report.written, report.ignored) == (("anna",), ())
    lines = stage.reader.members.get("anna").external_profile.external_attr
    assert [one.name for one in lines] == ["手机"]
    assert stage.apply(template=template).kept == 3


def test_a_line_cannot_be_written_and_removed():
    """Which of the two is meant, nobody knows."""
    text = 'name = "t"\nremove = ["门店"]\n[[line]]\nlabel = "门店"\ntext = "x"\n'
    with pytest.raises(DefinitionError, match="'门店' is a line, and to be removed"):
        ProfileTemplate.from_file(text)


def test_who_can_have_customers_is_told_before_a_lead_waits():
    """The platform knows who has opened WeCom and who has the right; the worst problem is named first."""
    fake = FakeWeCom()
    fake.add_member("anna")
    fake.add_member("fresh", activated=False, contact=False)
    fake.add_member("back_office", contact=False)
    fake.add_member("elsewhere")
    fake.add_app("华北", "north", agent_id=1000009, visible=["anna", "fresh", "back_office", "gone"])
    client = fake.client(secret="north", agent_id=1000009)
    found = staff_standings(client, ["anna", "fresh", "back_office", "elsewhere", "gone", "anna"])
    assert [(one.userid, one.problem) for one in found] == [
        ("anna", None),
        ("fresh", StaffProblem.NOT_ACTIVATED),
        ("back_office", StaffProblem.NO_CONTACT_RIGHT),
        ("elsewhere", StaffProblem.OUT_OF_RANGE),
        ("gone", StaffProblem.UNKNOWN),
    ]
    assert [(one.activated, one.contact) for one in found[:2]] == [(True, True), (False, False)]
    assert fake.count("externalcontact/get_follow_user_list") == 1
    client.close()
