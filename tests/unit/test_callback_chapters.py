"""Events of every chapter by their values: nested fields, lists, spellings, what is hidden, what is told apart."""

from __future__ import annotations

import pickle
import re
from datetime import UTC, datetime
from typing import Any

import attrs
import pytest
from tests.unit._events import CORP, NOW, full_event, parts_of
from tests.unit.test_callback_events import XML, body_of, kind

from wecom_auto.callbacks import (
    EVENT_TYPES,
    AppMailReceived,
    Approval,
    ApprovalChange,
    ApprovalChanged,
    ApprovalComment,
    ApprovalDecision,
    ApprovalFlow,
    ApprovalFlowChanged,
    ApprovalFlowStatus,
    ApprovalItem,
    ApprovalNode,
    ApprovalNodeType,
    ApprovalPerson,
    ApprovalProcess,
    ApprovalProcessNode,
    ApprovalRule,
    ApprovalStatus,
    ApprovalStep,
    ApprovalSubNode,
    ApproverStatus,
    BatchJob,
    BatchJobFinished,
    BatchJobType,
    CardSelection,
    CardType,
    ChainCorpsJoined,
    ContactAttribute,
    ContactAttributeType,
    ContactTagChanged,
    ContactText,
    ContactWeb,
    DepartmentCreated,
    DriveFilesMoved,
    DriveSpaceMembersChanged,
    Event,
    FormFilled,
    KfAccountsChanged,
    KfMessagesWaiting,
    KnownEvent,
    LivingStatus,
    LivingStatusChanged,
    LocationReceived,
    MeetingJoined,
    MeetingMuted,
    MemberCreated,
    MemberGender,
    MemberMessage,
    MemberStatus,
    MemberUpdated,
    MenuClicked,
    MenuMiniProgramOpened,
    PhotoTaken,
    PublicMailReceived,
    QuickMeetingStarted,
    SentPicture,
    SentPictures,
    ServicePriceChanged,
    SheetFieldsAdded,
    SheetRecordsUpdated,
    StudentCreated,
    TemplateCardPressed,
    TextReceived,
    UnknownEvent,
    VoiceReceived,
    event_xml,
    read_event,
)

HEAD = {"created_at": NOW, "to_user": CORP}
MEMBER = {**HEAD, "from_user": "zhangsan", "agent_id": "1000002"}


def at(seconds: int) -> datetime:
    """Return a moment of the samples."""
    return datetime.fromtimestamp(seconds, UTC)


LIST_OF_ATTRIBUTES = (
    ContactAttribute(name="hobby", type=ContactAttributeType.TEXT, text=ContactText(value="travel")),
    ContactAttribute(
        name="card",
        type=ContactAttributeType.WEB,
        web=ContactWeb(title="WeCom", url="https://work.weixin.qq.com"),
    ),
)
TYPED: dict[str, Event] = {
    "message.text": TextReceived(**MEMBER, msg_id=1234567890123456, content="this is a test"),
    "message.location": LocationReceived(
        **MEMBER,
        msg_id=1234567890123456,
        latitude=23.134,
        longitude=113.358,
        scale=20,
        label="location text",
        app_type="wxwork",
    ),
    "view_miniprogram": MenuMiniProgramOpened(**MEMBER, event_key="index"),
    "pic_sysphoto": PhotoTaken(
        **MEMBER,
        event_key="6",
        pictures=SentPictures(count=1, items=(SentPicture(md5="1b5f7c23b5bf75682a53e7b6d163e185"),)),
    ),
    "template_card_event": TemplateCardPressed(
        **MEMBER,
        event_key="key111",
        task_id="taskid111",
        card_type=CardType.BUTTON_INTERACTION,
        response_code="ResponseCode",
        selected=(CardSelection(question_key="QuestionKey1", option_ids=("OptionId1", "OptionId2")),),
    ),
    "batch_job_result": BatchJobFinished(
        **HEAD,
        from_user="FromUser",
        job=BatchJob(
            job_id="S0MrnndvRG5fadSlLwiBqiDDbM143UqTmKP3152FZk4",
            job_type=BatchJobType.SYNC_USER,
            errcode=0,
            errmsg="ok",
        ),
    ),
    "change_contact.create_user": MemberCreated(
        **HEAD,
        userid="zhangsan",
        member_name="张三",
        department=(1, 2, 3),
        main_department=1,
        is_leader_in_dept=(True, False, False),
        direct_leader=("lisi", "wangwu"),
        position="manager",
        mobile="13800000000",
        gender=MemberGender.MALE,
        email="zhangsan@example.com",
        biz_mail="zhangsan@example.wecom.work",
        status=MemberStatus.ACTIVE,
        avatar="http://wx.qlogo.cn/x/0",
        alias="zhangsan",
        telephone="020-123456",
        address="address",
        extra_attributes=LIST_OF_ATTRIBUTES,
    ),
    "change_contact.create_party": DepartmentCreated(**HEAD, id=2, department_name="sales", parent_id=1, order=1),
    "change_contact.update_tag": ContactTagChanged(
        **HEAD,
        tag_id=1,
        added_userids=("zhangsan", "lisi"),
        removed_userids=("zhangsan1", "lisi1"),
        added_departments=(1, 2),
        removed_departments=(3, 4),
    ),
    "change_chain.corp_join": ChainCorpsJoined(**HEAD, chain_id="CHAINID", corp_ids=("wwaaaa", "wwbbbb")),
    "kf_account_auth_change": KfAccountsChanged(**HEAD, added_open_kfids=("wkxxxx1",), removed_open_kfids=("wkxxxx2",)),
    "living_status_change": LivingStatusChanged(**MEMBER, living_id="LIVINGID", status=LivingStatus.LIVE),
    "doc_change.form_complete": FormFilled(**HEAD, from_user="zhangsan", form_ids=("ID1",)),
    "open_approval_change": ApprovalFlowChanged(
        **HEAD,
        agent_id="1000002",
        flow=ApprovalFlow(
            third_no="201806010001",
            name="payment",
            template_id="1234567890",
            status=ApprovalFlowStatus.PENDING,
            applied_at=at(1527837645),
            applicant_userid="1",
            applicant_name="xiaoming",
            applicant_department="product",
            applicant_image="http://www.qq.com/xxx.png",
            nodes=(
                ApprovalNode(
                    status=ApproverStatus.PENDING,
                    attr=ApprovalRule.ANY_ONE,
                    type=ApprovalNodeType.MEMBER,
                    items=(
                        ApprovalItem(
                            userid="2",
                            name="xiaohong",
                            image="http://www.qq.com/xxx.png",
                            status=ApproverStatus.PENDING,
                        ),
                    ),
                ),
            ),
            told=(ApprovalItem(userid="3", name="xiaogang", image="http://www.qq.com/xxx.png"),),
            step=0,
        ),
    ),
    "sys_approval_change": ApprovalChanged(
        **HEAD,
        agent_id="1000002",
        approval=Approval(
            number="201909270001",
            old_number="201909270001",
            name="template name",
            status=ApprovalStatus.PENDING,
            template_id="3TmoRzTbuTRdmMEJ6sjMm9",
            applied_at=at(1569584428),
            applicant=ApprovalPerson(userid="WuJunJie", department="1"),
            steps=(
                ApprovalStep(
                    status=ApproverStatus.PENDING,
                    rule=ApprovalRule.ANY_ONE,
                    decisions=(
                        ApprovalDecision(approver=ApprovalPerson(userid="WangXiaoMing"), status=ApproverStatus.PENDING),
                    ),
                ),
            ),
            told=(ApprovalPerson(userid="ChenXiaoMing"),),
            comments=(
                ApprovalComment(
                    id="6741314136717778040",
                    author=ApprovalPerson(userid="LiuZhiGang"),
                    commented_at=at(1569584111),
                    content="text",
                ),
            ),
            change=ApprovalChange.COMMENTED,
        ),
    ),
}


@pytest.mark.parametrize("name", TYPED)
def test_every_value_is_where_it_belongs(name: str) -> None:
    """One or more samples of each chapter, value by value, however deep."""
    event = read_event(XML[name])
    assert event == TYPED[name]
    assert pickle.loads(pickle.dumps(event)) == event  # noqa: S301 - our own bytes


SHEET = "<DocId>d</DocId><SheetId>s</SheetId>"
# Bodies in our own words, of families that the reference has no example of.
MADE: list[tuple[str, Event]] = [
    (
        kind("smart_sheet_change", "add_filed") + SHEET + "<FieldId>f1</FieldId><FieldId>f2</FieldId>",
        SheetFieldsAdded(**HEAD, doc_id="d", sheet_id="s", field_ids=("f1", "f2")),
    ),
    (
        kind("smart_sheet_change", "update_record") + SHEET + "<RecordId>r</RecordId>",
        SheetRecordsUpdated(**HEAD, doc_id="d", sheet_id="s", record_ids=("r",)),
    ),
    (
        kind("wedrive_space_change", "space_member_change") + "<SpaceId>a</SpaceId><SpaceId>b</SpaceId>",
        DriveSpaceMembersChanged(**HEAD, space_ids=("a", "b")),
    ),
    (
        kind("wedrive_file_change", "move_file") + "<FileId>a</FileId>",
        DriveFilesMoved(**HEAD, file_ids=("a",)),
    ),
    (kind("change_school_contact", "create_student") + "<Id>xiaoming</Id>", StudentCreated(**HEAD, id="xiaoming")),
    (
        kind("app_email_change", "receive_email") + "<Amount><![CDATA[2]]></Amount>",
        AppMailReceived(**HEAD, amount=2),
    ),
    (
        kind("public_email_change", "receive_email") + "<Id>3</Id><Amount>2</Amount>",
        PublicMailReceived(**HEAD, id=3, amount=2),
    ),
    (
        kind("meeting_statistics", "start_meeting") + "<Status>1</Status>",
        QuickMeetingStarted(**HEAD, status=1),
    ),
    (
        kind("customer_acquisition", "change_price") + "<Price>30000</Price><EffectiveTime>1709222400</EffectiveTime>",
        ServicePriceChanged(**HEAD, price_fen=30000, effective_at=at(1709222400)),
    ),
    (
        (
            "<Event>sys_approval_change</Event><ApprovalInfo><SpNoStr>1</SpNoStr><ProcessList><NodeList><NodeType>1"
            "</NodeType><SpStatus>1</SpStatus><ApvRel>3</ApvRel><SubNodeList><UserInfo><UserId>li</UserId></UserInfo>"
            "<Speech>ok</Speech><SpYj>2</SpYj><Sptime>1700000000</Sptime><MediaIds>m1</MediaIds></SubNodeList></NodeList>"
            "</ProcessList></ApprovalInfo>"
        ),
        ApprovalChanged(
            **HEAD,
            approval=Approval(
                number="1",
                process=ApprovalProcess(
                    nodes=(
                        ApprovalProcessNode(
                            type=1,
                            status=ApproverStatus.PENDING,
                            rule=3,
                            members=(
                                ApprovalSubNode(
                                    user=ApprovalPerson(userid="li"),
                                    speech="ok",
                                    status=ApproverStatus.AGREED,
                                    decided_at=NOW,
                                    media_ids=("m1",),
                                ),
                            ),
                        ),
                    )
                ),
            ),
        ),
    ),
]


@pytest.mark.parametrize(("fields", "event"), MADE)
def test_bodies_that_nobody_published(fields: str, event: Event) -> None:
    """Families without an example are read from bodies made after what the manual tells of their fields."""
    assert read_event(body_of(fields)) == event


KNOWN = sorted(name for name, body in XML.items() if isinstance(read_event(body), KnownEvent))


def own_tags(body: str) -> list[str]:
    """Return the names in a body besides those that say what it is."""
    return sorted(set(re.findall(r"<(\w+)>", body)) - {"xml", "Event", "InfoType", "ChangeType", "MsgType"})


@pytest.mark.parametrize("change", [str.lower, str.upper, str.swapcase], ids=["lower", "upper", "swapped"])
@pytest.mark.parametrize("name", KNOWN)
def test_a_name_in_another_case_is_the_same_name(name: str, change: Any) -> None:
    """Every field of every example, however deep, is read in any case."""
    body = XML[name].decode()
    event = read_event(body.encode())
    for tag in own_tags(body):
        body = re.sub(rf"<(/?){tag}>", lambda match, tag=tag: f"<{match[1]}{change(tag)}>", body)
    assert read_event(body.encode()) == event


def test_a_kind_in_another_case_is_the_same_kind() -> None:
    """``CLICK`` and ``Image`` come from older senders; an event that is written so in the manual stays so."""
    assert isinstance(read_event(body_of("<Event>CLICK</Event><EventKey>k</EventKey>")), MenuClicked)
    body = XML["message.text"].replace(b"[text]", b"[Text]")
    assert isinstance(read_event(body), TextReceived)
    assert read_event(XML["LOCATION"]).name == "LOCATION"
    assert read_event(XML["LOCATION"].replace(b"[LOCATION]", b"[location]")).name == "LOCATION"


CONTACT = kind("change_contact", "create_user") + "<UserID>z</UserID>"
DOC = kind("doc_change", "form_complete")
CHAIN = kind("change_chain", "corp_join") + "<ChainId>c</ChainId>"
FORMS = [
    "<{0}><Item>1</Item><Item>2</Item></{0}>",
    "<{0}><Any>1</Any><Any>2</Any></{0}>",
    "<{0}>1</{0}><{0}>2</{0}>",
    "<{0}>1,2</{0}>",
    "<{0}> 1 , 2, </{0}>",
    "<{0}>1</{0}><{0}></{0}><{0}>2</{0}>",
]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("head", "tag", "attribute", "read"),
    [
        (CONTACT, "Department", "department", (1, 2)),
        (CONTACT, "DirectLeader", "direct_leader", ("1", "2")),
        (DOC, "FormId", "form_ids", ("1", "2")),
        (CHAIN, "CorpIds", "corp_ids", ("1", "2")),
    ],
)
def test_every_list_comes_in_three_forms(form: str, head: str, tag: str, attribute: str, read: tuple[Any]) -> None:
    """A wrapper, siblings and commas are one list, whichever of them the platform uses for it."""
    event = read_event(body_of(head, form.format(tag)))
    assert getattr(event, attribute) == read
    assert event.extra == {}
    assert read_event(event_xml(event)) == event


@pytest.mark.parametrize("form", ["<{0}>1</{0}>", "<{0}><Item>1</Item></{0}>", "<{0}>1,</{0}>"])
def test_one_item_is_a_list(form: str) -> None:
    """A single item is a list of one, and an empty element is an empty list."""
    assert read_event(body_of(DOC, form.format("FormId"))) == FormFilled(**HEAD, form_ids=("1",))
    assert read_event(body_of(DOC, "<FormId></FormId>")) == FormFilled(**HEAD)


def test_lists_of_values_come_wrapped_or_repeated() -> None:
    """The questions of a card in one wrapper, in several, or without one: the same selections."""
    one, two = ("<QuestionKey>a</QuestionKey>", "<QuestionKey>b</QuestionKey>")
    head = "<Event>template_card_event</Event><TaskId>t</TaskId>"
    selected = (CardSelection(question_key="a"), CardSelection(question_key="b"))
    for form in (
        f"<SelectedItems><SelectedItem>{one}</SelectedItem><SelectedItem>{two}</SelectedItem></SelectedItems>",
        (
            f"<SelectedItems><SelectedItem>{one}</SelectedItem></SelectedItems>"
            f"<SelectedItems><SelectedItem>{two}</SelectedItem></SelectedItems>"
        ),
        f"<SelectedItems>{one}</SelectedItems><SelectedItems>{two}</SelectedItems>",
    ):
        assert read_event(body_of(head, form)) == TemplateCardPressed(**HEAD, task_id="t", selected=selected)


def test_an_item_with_a_comma_stays_one() -> None:
    """What we write with commas or as siblings is read back even if an item holds a comma."""
    for event in (FormFilled(**HEAD, form_ids=("a,b", "c")), MemberCreated(**HEAD, userid="z", direct_leader=("a,b",))):
        assert read_event(event_xml(event)) == event


def test_unknown_fields_deep_inside_are_kept() -> None:
    """A field of tomorrow stays with the value it came in, and is written back into it."""
    head = "<Event>batch_job_result</Event>"
    event = read_event(body_of(head, "<BatchJob><JobId>j</JobId><New><A>1</A></New><New>2</New></BatchJob>"))
    assert isinstance(event, BatchJobFinished)
    assert event.job == BatchJob(job_id="j", extra={"New": [{"A": "1"}, "2"]})
    assert read_event(event_xml(event)) == event
    assert "'New'" in repr(event)
    assert "'2'" not in repr(event)


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ("<Event>batch_job_result</Event>", "without job"),
        ("<Event>batch_job_result</Event><BatchJob/>", "without job"),
        ("<Event>batch_job_result</Event><BatchJob>text</BatchJob>", "without job"),
        ("<Event>batch_job_result</Event><BatchJob><ErrCode>1</ErrCode></BatchJob>", "without job_id"),
        ("<Event>batch_job_result</Event><BatchJob><JobId>1</JobId><ErrCode>x</ErrCode></BatchJob>", "ValueError"),
        ("<Event>location_select</Event><SendLocationInfo>x</SendLocationInfo>", "without place"),
        ("<Event>LOCATION</Event><Latitude>nan</Latitude><Longitude>1</Longitude>", "ValueError"),
        ("<Event>LOCATION</Event><Latitude>1e999</Latitude><Longitude>1</Longitude>", "ValueError"),
        (CONTACT + "<Department>1,two</Department>", "ValueError"),
        (CONTACT + "<Department><Item><A>1</A></Item></Department>", "ValueError"),
        (CONTACT + "<ExtAttr><Item>text</Item></ExtAttr>", "ValueError"),
        (CONTACT + "<ExtAttr>text</ExtAttr>", "ValueError"),
        (CONTACT + "<Status>often</Status>", "ValueError"),
        (kind("change_contact", "delete_party") + "<Id></Id>", "without id"),
        (kind("meeting_change", "join_meeting"), "without meeting_id"),
    ],
)
def test_what_its_class_cannot_hold_is_not_lost(fields: str, problem: str) -> None:
    """A body with a value of the wrong kind is an `UnknownEvent` that says why, with everything in its tree."""
    event = read_event(body_of(fields))
    assert isinstance(event, UnknownEvent)
    assert problem in event.problem
    assert event.raw is not None
    assert event.raw.value("Event") == event.family


def test_a_department_can_be_number_zero() -> None:
    """0 is an id like others."""
    event = read_event(body_of(kind("change_contact", "delete_party"), "<Id>0</Id>"))
    assert isinstance(event, KnownEvent)


@pytest.mark.parametrize(
    ("name", "old", "new", "path"),
    [
        ("living_status_change", "<Status>1", "<Status>77", "status"),
        ("change_contact.create_user", "<Status>1", "<Status>77", "status"),
        ("change_contact.create_user", "<Gender>1", "<Gender>77", "gender"),
        ("template_card_event", "button_interaction", "77", "card_type"),
        ("batch_job_result", "sync_user", "77", "job.job_type"),
        ("message.voice", "[amr]", "[77]", "format"),
        ("sys_approval_change", "<StatuChangeEvent>10", "<StatuChangeEvent>77", "approval.change"),
        ("open_approval_change", "<OpenSpStatus>1", "<OpenSpStatus>77", "flow.status"),
    ],
)
def test_values_of_tomorrow_are_members(name: str, old: str, new: str, path: str) -> None:
    """A value that no page lists is kept as a member of its enumeration, and survives both journeys."""
    event: Any = read_event(XML[name].replace(old.encode(), new.encode()))
    value = event
    for step in path.split("."):
        value = getattr(value, step)
    assert value in {77, "77"}
    assert value.name == "UNKNOWN_77"
    assert read_event(event_xml(event)) == event == pickle.loads(pickle.dumps(event))  # noqa: S301 - our own bytes


PHONE = "13800138000"


@pytest.mark.parametrize("cls", EVENT_TYPES)
def test_no_repr_shows_a_phone_number(cls: type[KnownEvent]) -> None:
    """A phone number in any text of any event, however deep, is not in its repr, nor in that of rich or of a log."""
    event = full_event(cls, PHONE)
    shown = repr(event) + str(event) + repr(list(event.__rich_repr__()))
    assert PHONE not in shown
    assert "\n" not in shown


HIDDEN = {
    "change_contact.create_user": [
        "张三",
        "example.com",
        "example.wecom",
        "020-123456",
        "address=address",
        "manager",
        "travel",
        "qlogo",
    ],
    "change_contact.update_user": ["张三", "example.com", "020-123456"],
    "open_approval_change": ["xiaoming", "xiaohong", "xiaogang", "xxx.png"],
    "sys_approval_change": ["'text'"],
    "message.text": ["this is a test"],
    "message.link": ["example.com"],
    "message.location": ["23.134", "113.358", "location text"],
    "LOCATION": ["23.104", "113.32"],
    "location_select": ["address text", "'23'"],
    "scancode_push": ["text='1'"],
    "template_card_event": ["'ResponseCode'"],
    "kf_msg_or_event": ["ENCAp"],
    "program_notify": ["NOTIFY"],
}


@pytest.mark.parametrize("name", HIDDEN)
def test_who_and_what_was_said_is_hidden(name: str) -> None:
    """Names, addresses, places, words and codes are read, and not shown."""
    event = read_event(XML[name])
    assert isinstance(event, KnownEvent)
    shown = repr(event) + repr(list(event.__rich_repr__()))
    assert [text for text in HIDDEN[name] if text in shown] == []
    assert [text for text in HIDDEN[name] if text.split("=")[-1].strip("'").encode() not in XML[name]] == []


def test_what_helps_to_find_it_is_shown() -> None:
    """Ids stay in the repr; without them nobody could follow an event in a log."""
    shown = repr(read_event(XML["change_contact.create_user"]))
    assert shown.startswith("MemberCreated(created_at=")
    assert "userid='zhangsan'" in shown
    assert "department=(1, 2, 3)" in shown
    assert "mobile='***'" in shown


def test_a_repr_leaves_out_what_is_empty() -> None:
    """A default is not shown, and a value inside shows its own class."""
    job = BatchJob(job_id="j")
    assert repr(job) == "BatchJob(job_id='j')"
    assert "job=BatchJob(job_id='j')" in repr(BatchJobFinished(**HEAD, job=job))


APART = {
    MenuClicked: False,
    MemberUpdated: False,
    ContactTagChanged: False,
    KfMessagesWaiting: False,
    FormFilled: False,
    MeetingMuted: True,
    MemberCreated: True,
    TextReceived: True,
    VoiceReceived: True,
    ChainCorpsJoined: True,
}


@pytest.mark.parametrize("cls", APART)
def test_what_can_happen_twice_in_a_second(cls: type[KnownEvent]) -> None:
    """Where two real events of one second look alike, the second one is not taken for a redelivery."""
    body = event_xml(full_event(cls))
    keys = {read_event(body, nonce=nonce, timestamp="1").dedupe_key for nonce in ("n1", "n2")}
    assert len(keys) == (1 if APART[cls] else 2)


def test_two_attendees_may_join_in_the_same_second() -> None:
    """Only an event that says who joined can be told from another."""
    joined = MeetingJoined(**HEAD, meeting_id="m")
    assert not joined.tells_itself_apart
    assert attrs.evolve(joined, from_user_tmp_open_id="t").tells_itself_apart


@pytest.mark.parametrize("cls", [cls for cls in EVENT_TYPES if issubclass(cls, MemberMessage)])
def test_a_message_in_either_envelope(cls: type[MemberMessage]) -> None:
    """A message has a kind and no family; a suite gets it in the envelope of apps."""
    message = attrs.evolve(full_event(cls), suite_id="ww4s", auth_corp_id="wwtenant")
    assert message.name == f"message.{cls.MSG_TYPE}"
    assert f"<MsgType><![CDATA[{cls.MSG_TYPE}]]></MsgType>".encode() in event_xml(message)
    assert read_event(event_xml(message)) == message


def test_an_event_is_no_message() -> None:
    """An event that bears the name of a kind of message is unknown."""
    event = read_event(body_of("<Event>text</Event><MsgId>1</MsgId><Content>c</Content>"))
    assert isinstance(event, UnknownEvent)


def test_an_older_suite_sends_older_fields() -> None:
    """The vendor's own sample of a new member is in the providers' envelope, with names that apps no longer get."""
    event = read_event(XML["official-ChangeContactCreateUser"])
    assert isinstance(event, MemberCreated)
    assert (event.suite_id, event.english_name, event.is_leader) == ("ww4asffe99e54c0f4c", "zhangsan", True)
    assert event.extra_attributes[0] == ContactAttribute(name="爱好", value="旅游")


def test_times_need_a_zone() -> None:
    """Times inside an event are moments too."""
    naive = datetime(2026, 3, 1)  # noqa: DTZ001 - that is the point
    with pytest.raises(ValueError, match="effective_at"):
        ServicePriceChanged(**HEAD, effective_at=naive)
    with pytest.raises(ValueError, match="decided_at"):
        ApprovalItem(decided_at=naive)


def test_not_decided_yet_is_no_time() -> None:
    """The platform writes 0 for a decision that nobody took; 1970 would be a lie."""
    event = read_event(XML["sys_approval_change"])
    decisions = [part for part in parts_of(event) if isinstance(part, ApprovalDecision)]
    assert [decision.decided_at for decision in decisions] == [None]
