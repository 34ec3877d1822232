"""客户朋友圈 (95094, 93333) and 上传附件资源 (95098): the official examples, field by field."""

from __future__ import annotations

import pytest
from tests.chapters._shared import NOW, at, calls
from tests.unit._models import official

from wecom_auto import _codec
from wecom_auto.errors import DecodeError, ValidationError
from wecom_auto.models import (
    CreateType,
    ImageAttachment,
    MediaKind,
    MomentCreated,
    MomentImage,
    MomentInteractions,
    MomentJob,
    MomentJobStatus,
    MomentLink,
    MomentReaction,
    PublishStatus,
    Text,
    VideoAttachment,
    VisibleType,
)


def test_job() -> None:
    """获取任务创建结果 (95094): the example shows a result although its status says that the job has just started."""
    job = calls.moments.result("j").decode(official("externalcontact/get_moment_task_result.response"))
    assert (job.status, job.type, job.done) == (MomentJobStatus.STARTED, "add_moment_task", False)
    made = job.result
    assert made is not None
    assert (made.errcode, made.errmsg, made.moment_id) == (0, "ok", "xxxx")
    assert made.invalid_senders.userids == ("zhangshan", "lisi")
    assert made.invalid_senders.department_ids == (2, 3)
    assert made.invalid_tags.tag_ids == ("xxx",)
    assert not made.complete


def test_a_result_without_lists_is_complete() -> None:
    """Nobody was left out if the platform names nobody; an errcode of the job is kept."""
    raw = {"status": 3, "result": {"errcode": 0, "moment_id": "mom1"}}
    done = _codec.decode(MomentJob, {"errcode": 0, "errmsg": "ok", **raw})
    assert done.done
    assert done.result is not None
    assert done.result.complete
    failed = _codec.decode(MomentJob, {"errcode": 0, "status": 3, "result": {"errcode": 41048, "errmsg": "nobody"}})
    assert failed.result == MomentCreated(errcode=41048, errmsg="nobody")
    assert not failed.result.complete


def test_jobid() -> None:
    """创建发表任务 (95094)."""
    assert calls.moments.create(text="x").decode(official("externalcontact/add_moment_task.response")) == "xxxx"


def test_moment_list() -> None:
    """获取企业全部的发表列表 (93333): the example writes "xxxx" for a time, which is refused with its place."""
    call = calls.moments.list(start_at=NOW, end_at=NOW)
    raw = official("externalcontact/get_moment_list.response")
    with pytest.raises(DecodeError) as caught:
        call.decode(raw)
    assert caught.value.path.endswith("[0].create_time")
    raw["moment_list"][0]["create_time"] = 1_605_171_726
    page = call.decode(raw)
    (moment,) = page.items
    assert (page.next_cursor, moment.moment_id, moment.creator) == ("CURSOR", "momxxx", "xxxx")
    assert moment.created_at == at(1_605_171_726)
    assert (moment.create_type, moment.visible_type) == (CreateType.PERSONAL, VisibleType.PUBLIC)
    assert moment.text == Text(content="test")
    assert moment.images == (MomentImage(media_id="WWCISP_xxxxx"),)
    assert moment.video is not None
    assert (moment.video.media_id, moment.video.thumb_media_id) == ("WWCISP_xxxxx", "WWCISP_xxxxx")
    assert moment.link is not None
    assert (moment.link.title, moment.link.url) == ("腾讯网-QQ.COM", "https://www.qq.com")
    place = moment.location
    assert place is not None
    assert (place.latitude, place.longitude, place.name) == ("23.10647", "113.32446", "广州市 · 广州塔")
    assert _codec.encode(moment) == raw["moment_list"][0]


def test_members_and_customers() -> None:
    """企业发表的列表, 可见范围 and 可见客户列表 (93333)."""
    (task,) = calls.moments.list_members("m").decode(official("externalcontact/get_moment_task.response")).items
    assert (task.userid, task.status) == ("zhangsan", PublishStatus.PUBLISHED)
    page = calls.moments.list_customers("m", userid="u").decode(
        official("externalcontact/get_moment_customer_list.response")
    )
    (chosen,) = page.items
    assert (chosen.userid, chosen.external_userid) == ("xxx", "woAJ2GCAAAXtWyujaWJHDDGi0mACCCC  ")
    page = calls.moments.list_reached("m", userid="u").decode(
        official("externalcontact/get_moment_send_result.response")
    )
    (reached,) = page.items
    assert (reached.userid, reached.external_userid) == ("", "woAJ2GCAAAXtWyujaWJHDDGi0mACCCC")


def test_interactions() -> None:
    """获取客户朋友圈的互动数据 (93333): a reaction names a customer or a member."""
    found = calls.moments.interactions("m", userid="u").decode(official("externalcontact/get_moment_comments.response"))
    first, second = found.comments
    assert (first.external_userid, first.userid) == ("woAJ2GCAAAXtWyujaWJHDDGi0mACAAAA ", "")
    assert (second.external_userid, second.userid) == ("", "zhangshan ")
    assert (first.created_at, second.created_at) == (at(1_605_172_726), at(1_605_172_729))
    liked, own = found.likes
    assert liked.external_userid == "woAJ2GCAAAXtWyujaWJHDDGi0mACBBBB "
    assert (own.userid, own.created_at) == ("zhangshan ", at(1_605_172_720))
    assert found.external_userids == (first.external_userid, liked.external_userid)


def test_a_customer_who_reacts_twice_is_one_customer() -> None:
    """`external_userids` names each customer once, those who commented first."""
    both = (MomentReaction(external_userid="wm2"), MomentReaction(external_userid="wm1"))
    found = MomentInteractions(comments=both, likes=(MomentReaction(external_userid="wm1"), MomentReaction(userid="u")))
    assert found.external_userids == ("wm2", "wm1")


def test_uploaded_attachment() -> None:
    """上传附件资源 (95098): its time is a number, where that of media/upload is a text."""
    call = calls.media.upload_attachment("image", b"picture", attachment_type=1, filename="a.png")
    media = call.decode(official("media/upload_attachment.response"))
    assert media.media_id == "1G6nrLmr5EC3MMb_-zK1dDdzmd0p7cNliYu9V5w7o8K0"
    assert (media.type, media.created_at) == (MediaKind.IMAGE, at(1_380_000_000))
    assert call.query == {"media_type": "image", "attachment_type": "1"}


def test_attachments_travel_with_their_kind() -> None:
    """Pictures, videos and links are written as the manual shows them, and what is empty is left out."""
    made = calls.moments.create(
        attachments=[
            ImageAttachment(media_id="M"),
            VideoAttachment(media_id="V"),
            MomentLink(url="https://example.com", media_id="C"),
        ]
    )
    assert made.body == {
        "attachments": [
            {"msgtype": "image", "image": {"media_id": "M"}},
            {"msgtype": "video", "video": {"media_id": "V"}},
            {"msgtype": "link", "link": {"url": "https://example.com", "media_id": "C"}},
        ]
    }


@pytest.mark.parametrize("field", ["userids", "department_ids", "tag_ids"])
def test_an_empty_list_is_not_everybody(field: str) -> None:
    """A filter that found nobody must not publish to everybody: an empty list is refused before a call exists."""
    with pytest.raises(ValidationError, match="leave it out to mean everybody"):
        calls.moments.create(text="x", **{field: []})
    assert calls.moments.create(text="x").body == {"text": {"content": "x"}}


def test_one_text_is_not_a_list() -> None:
    """A userid where a list belongs would be read letter by letter."""
    with pytest.raises(ValidationError, match="userids"):
        calls.moments.create(text="x", userids="zhangsan")
