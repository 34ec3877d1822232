"""Local files of a message: uploaded when it is sent, uploaded again before they die, recognised in the list."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from tests.unit._sop_stage import TEN, URL, Stage, mass, sop

from wecom_auto.sop import Content, Contents, LocalFile
from wecom_auto.sop.definition import Definition

CREATE = "externalcontact/add_msg_template"
UPLOAD = "media/upload"
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 100


@pytest.fixture
def poster(tmp_path):
    """A picture on disk."""
    (tmp_path / "poster.png").write_bytes(PNG)
    return LocalFile.read(tmp_path / "poster.png")


def opened(*files, text="海报", **more):
    """A stage whose content "a" carries files."""
    content = Content(text=text, attachments=[one.attachment() for one in files], files=files, **more)
    return Stage.open(URL, contents=Contents({"a": content, "b": Content(text="内容 b")}))


def enrolled(stage, steps, count=1):
    """Let customers into a SOP of these steps."""
    stage.publish(sop("one", steps))
    customers = stage.member("zhang", count)
    for customer in customers:
        stage.runner.enrol("one", customer, now=stage.now)
    return customers


def sent_media(stage):
    """The media ids of every create call."""
    return [call.body["attachments"][0]["image"]["media_id"] for call in stage.fake.calls(CREATE)]


def test_a_file_is_uploaded_once_and_sent(poster):
    """Two batches of one day share one medium."""
    stage = opened(poster)
    enrolled(stage, mass("s1", "+0d 10:00", "a") + mass("s2", "+0d 11:00", "a"))
    stage.run_until_idle()
    first, second = sent_media(stage)
    assert (first == second, stage.fake.count(UPLOAD), stage.states()) == (True, 1, ["done", "done"])


def test_a_file_is_uploaded_again_before_its_medium_dies(poster):
    """A medium that would not outlive its task is not used: the next day the file is uploaded again."""
    stage = opened(poster)
    enrolled(stage, mass("s1", "+0d 10:00", "a") + mass("s2", "+1d 10:00", "a"))
    stage.run_until_idle()
    first, second = sent_media(stage)
    assert (first != second, stage.fake.count(UPLOAD)) == (True, 2)


def test_a_batch_that_is_asked_for_days_later_carries_no_dead_medium(poster):
    """The platform refuses for four days; what is sent then is a medium of that day."""
    stage = opened(poster)
    stage.publish(sop("one", mass("s1", "+0d 10:00", "a"), head='[window]\nlate = "drop after 9d"'))
    (customer,) = stage.member("zhang", 1)
    stage.runner.enrol("one", customer, now=stage.now)
    stage.fake.fail_next(CREATE, errcode=45009)
    stage.tick(TEN)
    stage.tick(days=4)
    stage.run_until_idle()
    first, second = sent_media(stage)
    assert (first != second, stage.touches()) == (True, {(customer, "s1"): "delivered"})


def test_a_lost_answer_is_found_although_the_list_names_media(poster):
    """The task in the list has a media id and the batch a file: it is ours, and nothing is sent twice."""
    stage = opened(poster)
    (customer,) = enrolled(stage, mass("s1", "+0d 10:00", "a"))
    stage.fake.fail_next(CREATE, late_busy=True)
    stage.run_until_idle()
    assert (stage.fake.count(CREATE), stage.states()) == (1, ["done"])
    assert stage.touches() == {(customer, "s1"): "delivered"}


def test_another_picture_with_the_same_words_is_another_task(poster, tmp_path):
    """Two posters under one text: the lost answer of the second is not taken for the first."""
    (tmp_path / "other.png").write_bytes(PNG + b"!")
    other = LocalFile.read(tmp_path / "other.png")
    contents = {
        name: Content(text="海报", attachments=[one.attachment()], files=[one])
        for name, one in (("a", poster), ("b", other))
    }
    stage = Stage.open(URL, contents=Contents(contents))
    enrolled(stage, mass("s1", "+0d 10:00", "a") + mass("s2", "+0d 10:00", "b"))
    stage.fake.fail_next(CREATE, times=2, reset="before")
    stage.run_until_idle()
    assert stage.states() == ["done", "done"]
    assert len(set(sent_media(stage)[-2:])) == 2


def test_a_medium_that_the_platform_calls_dead_is_uploaded_again(poster):
    """40007 costs one repetition with a new medium, and fails nobody."""
    stage = opened(poster)
    (customer,) = enrolled(stage, mass("s1", "+0d 10:00", "a"))
    stage.fake.fail_next(CREATE, errcode=40007)
    stage.run_until_idle()
    assert (stage.fake.count(UPLOAD), stage.touches()) == (2, {(customer, "s1"): "delivered"})


@pytest.mark.parametrize("harm", ["gone", "changed"])
def test_a_file_that_is_another_one_by_now_is_not_sent(poster, tmp_path, harm):
    """What was frozen is what is sent, or nothing; a person hears of it."""
    stage = opened(poster)
    (customer,) = enrolled(stage, mass("s1", "+0d 10:00", "a"))
    path = tmp_path / "poster.png"
    _ = path.unlink() if harm == "gone" else path.write_bytes(PNG + b"other")
    stage.run_until_idle()
    assert (stage.fake.count(CREATE), stage.touches()) == (0, {(customer, "s1"): "failed"})
    assert stage.logged()["alert:failed:content"] == 1


def test_an_upload_that_fails_is_tried_again(poster):
    """A refused upload has created no task: the batch waits and goes on, with an attempt less to explain."""
    stage = opened(poster)
    (customer,) = enrolled(stage, mass("s1", "+0d 10:00", "a"))
    stage.fake.fail_next(UPLOAD, errcode=45009)
    stage.run_until_idle()
    assert (stage.fake.count(CREATE), stage.touches()) == (1, {(customer, "s1"): "delivered"})


def test_a_welcome_carries_a_file(poster):
    """The welcome message uploads what it needs, too."""
    stage = opened(poster)
    stage.publish(
        Definition.from_toml(
            'sop = "new"\nversion = 1\ntitle = "new"\n[entry]\non = "customer.added"\n'
            '[[step]]\nid = "w"\nat = "+0d"\ndo = { welcome = "a" }\n'
        )
    )
    stage.member("zhang", 0)
    way = stage.fake.client().contact_ways.create(users=["zhang"], state="showroom")
    customer = stage.fake.scan(way.config_id, name="客户")
    for event in stage.fake.events:
        stage.directory.apply(event, stage.fake.client())
        stage.runner.on_event(event, stage.now)
    assert stage.touches() == {(customer.external_userid, "w"): "delivered"}
    assert stage.fake.calls("externalcontact/send_welcome_msg")[0].body["attachments"][0]["msgtype"] == "image"


def test_content_past_its_last_day_is_not_sent():
    """An offer that ended yesterday is skipped with its reason, however long it waited."""
    stage = opened(valid_until=date(2026, 3, 1))
    (customer,) = enrolled(stage, mass("s1", "+0d 10:00", "a"))
    stage.run_until_idle()
    assert (stage.touches(), stage.reasons(customer).count("expired:content")) == ({(customer, "s1"): "skipped"}, 1)


def test_a_frozen_offer_that_ends_before_the_call_is_not_sent():
    """The last day is looked at again when the call is made."""
    stage = opened(valid_until=date(2026, 3, 2))
    (customer,) = enrolled(stage, mass("s1", "+0d 10:00", "a"))
    stage.fake.fail_next(CREATE, errcode=45009)
    stage.tick(TEN)
    stage.tick(TEN + timedelta(days=1))
    assert (stage.fake.count(CREATE), stage.touches()) == (1, {(customer, "s1"): "cancelled"})
    assert stage.caps()[customer] == (0, 0)


def test_content_for_others_is_not_sent():
    """What is meant for owners is not sent by a SOP of another category."""
    stage = opened(audience=["owner"])
    (customer,) = enrolled(stage, mass("s1", "+0d 10:00", "a"))
    stage.run_until_idle()
    assert (stage.touches(), "blocked:audience" in stage.reasons(customer)) == ({(customer, "s1"): "skipped"}, True)
