"""Product albums in the fake: prices, pictures, and whose a product is."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.test_fake_support import PNG, Raw, code

from wecom_auto.models import AttachmentUse, MediaKind
from wecom_auto.testing import FakeWeCom, Settings


@pytest.fixture
def fake() -> FakeWeCom:
    """A corp whose tokens live long."""
    return FakeWeCom(settings=Settings(token_seconds=10**8))


@pytest.fixture
def raw(fake: FakeWeCom) -> Raw:
    """An app of the corp."""
    return Raw(fake)


def uploaded(fake: FakeWeCom, use: AttachmentUse = AttachmentUse.PRODUCT_ALBUM) -> str:
    """Upload a picture for something and return its id."""
    with fake.client() as app:
        return app.media.upload_attachment(MediaKind.IMAGE, PNG, attachment_type=use, filename="a.png").media_id


def pictures(*media_ids: str) -> list[dict[str, Any]]:
    """Return attachments as the wire has them."""
    return [{"type": "image", "image": {"media_id": media_id}} for media_id in media_ids]


def make(raw: Raw, **changes: Any) -> dict[str, Any]:
    """Create a product with a picture."""
    fields = {"description": "车模", "price": 9_900, **changes}
    if "attachments" not in fields:
        fields["attachments"] = pictures(uploaded(raw.fake))
    return raw.customer("add_product_album", **fields)


def test_a_product_outlives_its_upload(fake: FakeWeCom, raw: Raw) -> None:
    """The medium dies after three days, the product keeps its picture, and lists do not say when it was made."""
    media_id = uploaded(fake)
    made = make(raw, attachments=pictures(media_id), product_sn="A1")
    at = int(fake.clock.time())
    fake.clock.advance(days=4)
    shown = raw.customer("get_product_album", product_id=made["product_id"])["product"]
    row = {
        "product_id": made["product_id"],
        "description": "车模",
        "price": 9_900,
        "product_sn": "A1",
        "attachments": pictures(media_id),
    }
    assert shown == {**row, "create_time": at}
    assert raw.customer("get_product_album_list")["product_list"] == [row]
    assert code(make(raw, attachments=pictures(media_id))) == 40007


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"description": ""}, 41087),
        ({"description": "字" * 301}, 41087),
        ({"price": 5_000_001}, 41086),
        ({"price": -1}, 41086),
        ({"price": "9900"}, 41086),
        ({"product_sn": "A-1"}, 41085),
        ({"product_sn": "x" * 129}, 41085),
        ({"product_sn": 7}, 41085),
        ({"attachments": []}, 40063),
        ({"attachments": pictures(*["m"] * 10)}, 41064),
        ({"attachments": [{"type": "video", "video": {"media_id": "m"}}]}, 41065),
        ({"attachments": [{"type": "image"}]}, 40063),
        ({"attachments": pictures("unknown")}, 40007),
    ],
)
def test_a_product_that_is_none_is_refused(raw: Raw, changes: dict[str, Any], wanted: int) -> None:
    """Each limit of the page has its errcode, and nothing is left behind."""
    assert code(make(raw, **changes)) == wanted
    assert raw.customer("get_product_album_list")["product_list"] == []


def test_pictures_must_be_uploaded_for_albums(fake: FakeWeCom, raw: Raw) -> None:
    """What was uploaded for messages or moments does not fit (41072)."""
    for media_id in (raw.upload("image", PNG)["media_id"], uploaded(fake, AttachmentUse.MOMENT)):
        assert code(make(raw, attachments=pictures(media_id))) == 41072


def test_a_product_is_changed_in_part(fake: FakeWeCom, raw: Raw) -> None:
    """What is not given stays, a price of 0 is a price, and an empty code takes it away."""
    product_id = make(raw, product_sn="A1")["product_id"]

    def change(**fields: Any) -> dict[str, Any]:
        assert code(raw.customer("update_product_album", product_id=product_id, **fields)) == 0
        return raw.customer("get_product_album", product_id=product_id)["product"]

    assert change(price=0)["price"] == 0
    assert change(description="新车模", price=None)["price"] == 0
    other = uploaded(fake)
    assert change(attachments=pictures(other))["attachments"] == pictures(other)
    assert change()["product_sn"] == "A1"
    changed = change(product_sn="")
    assert ("product_sn" in changed, changed["description"]) == (False, "新车模")


def test_a_change_that_is_refused_changes_nothing(raw: Raw) -> None:
    """A picture that has died stops the whole change."""
    product_id = make(raw)["product_id"]
    asked = {"product_id": product_id, "price": 1, "attachments": pictures("unknown")}
    assert code(raw.customer("update_product_album", **asked)) == 40007
    assert raw.customer("get_product_album", product_id=product_id)["product"]["price"] == 9_900


def test_a_deleted_product_is_told_from_none(raw: Raw) -> None:
    """It answers 41074, and one that never was 41075."""
    product_id = make(raw)["product_id"]
    assert code(raw.customer("delete_product_album", product_id=product_id)) == 0
    for path in ("get_product_album", "update_product_album", "delete_product_album"):
        assert code(raw.customer(path, product_id=product_id)) == 41074
        assert code(raw.customer(path, product_id="x")) == 41075
        assert code(raw.customer(path)) == 40063


def test_products_are_listed_by_pages(raw: Raw) -> None:
    """50 unless asked otherwise, at most 100; a product that is deleted meanwhile shifts nothing."""
    media_id = uploaded(raw.fake)
    ids = [make(raw, attachments=pictures(media_id))["product_id"] for _ in range(52)]
    first = raw.customer("get_product_album_list")
    raw.customer("delete_product_album", product_id=ids[0])
    rest = raw.customer("get_product_album_list", cursor=first["next_cursor"])
    assert [one["product_id"] for one in first["product_list"] + rest["product_list"]] == ids
    assert rest["next_cursor"] == ""
    assert code(raw.customer("get_product_album_list", limit=101)) == 40058


def test_an_app_changes_its_own_products(fake: FakeWeCom, raw: Raw) -> None:
    """Every app reads the album, and changes only what it has put there."""
    fake.add_app("second", "s2", agent_id=2)
    second, product_id = Raw(fake, "s2"), make(raw)["product_id"]
    assert code(second.customer("get_product_album", product_id=product_id)) == 0
    assert len(second.customer("get_product_album_list")["product_list"]) == 1
    assert code(second.customer("update_product_album", product_id=product_id, price=1)) == 60011
    assert code(second.customer("delete_product_album", product_id=product_id)) == 60011
