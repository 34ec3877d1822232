"""What the tests know of `wecom.product_albums`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.chapters import Make
from tests.chapters._shared import PNG, calls
from tests.contract._play import Case, Play, refused

from wecom_auto import Call
from wecom_auto.errors import InvalidRequestError, NotFoundError
from wecom_auto.models import ProductAttachment
from wecom_auto.testing import FakeWeCom

albums = calls.product_albums
PICTURE = ProductAttachment.of_image("MEDIA_ID")

CALLS: Mapping[str, list[Call[Any]]] = {
    "externalcontact/add_product_album": [
        albums.create("x", price_fen=1, attachments=[PICTURE], product_sn="a1"),
    ],
    "externalcontact/get_product_album": [albums.get("p")],
    "externalcontact/get_product_album_list": [
        albums.list(cursor="c", limit=1),
        albums.iter_all(cursor="c", limit=1),
    ],
    "externalcontact/update_product_album": [
        albums.update("p", description="x", price_fen=1, attachments=[PICTURE], product_sn="a1"),
    ],
    "externalcontact/delete_product_album": [albums.delete("p")],
}

ANSWERS: list[tuple[str, Call[Any]]] = [
    ("externalcontact/add_product_album", albums.create("x", price_fen=1, attachments=["m"])),
    ("externalcontact/get_product_album", albums.get("p")),
    ("externalcontact/get_product_album_list", albums.list()),
]

REQUESTS: list[tuple[str, Make]] = [
    (
        "externalcontact/add_product_album",
        lambda: albums.create("世界上最好的商品", price_fen=30000, product_sn="xxxxxxxx", attachments=["MEDIA_ID"]),
    ),
    ("externalcontact/get_product_album", lambda: albums.get("xxxxxxxxxx")),
    ("externalcontact/get_product_album_list", lambda: albums.list(limit=50, cursor="CURSOR")),
    (
        "externalcontact/update_product_album",
        lambda: albums.update(
            "xxxxxxxxxx",
            description="世界上最好的商品",
            price_fen=30000,
            product_sn="xxxxxx",
            attachments=[PICTURE],
        ),
    ),
    ("externalcontact/delete_product_album", lambda: albums.delete("xxxxxxxxxx")),
]


def _product(**changes: Any) -> Call[Any]:
    description = changes.pop("description", "x")
    return albums.create(description, **{"price_fen": 1, "attachments": ["m"], **changes})


REFUSED: list[tuple[str, Make]] = [
    ("description", lambda: _product(description="")),
    ("description", lambda: _product(description="字" * 301)),
    ("price", lambda: _product(price_fen=5_000_001)),
    ("price", lambda: _product(price_fen=-1)),
    ("product_sn", lambda: _product(product_sn="x" * 129)),
    ("product_sn", lambda: _product(product_sn="SN-1")),
    ("product_sn", lambda: _product(product_sn="编码1")),
    ("attachments", lambda: _product(attachments=[])),
    ("attachments", lambda: _product(attachments="media")),
    ("attachments", lambda: _product(attachments=["m"] * 10)),
    ("attachments[0].image.media_id", lambda: _product(attachments=[""])),
    ("description / price / product_sn / attachments", lambda: albums.update("p")),
    ("price", lambda: albums.update("p", price_fen=5_000_001)),
    ("attachments", lambda: albums.update("p", attachments=[])),
    ("limit", lambda: albums.list(limit=101)),
    ("limit", lambda: albums.iter_all(limit=0)),
]

ACCEPTED: list[Make] = [
    lambda: _product(description="字" * 300, price_fen=5_000_000, product_sn="a1" * 64, attachments=["m"] * 9),
    lambda: _product(price_fen=0),
    lambda: albums.update("p", product_sn=""),
]

ARGUMENTS: Mapping[str, Any] = {
    "description": "x",
    "price_fen": 1,
    "attachments": ["m"],
    "product_id": "p",
}


def product_albums(fake: FakeWeCom) -> Play:
    """A product gets a picture and a price, is read, listed in pages, changed, and deleted."""
    picture = yield lambda app: app.media.upload_attachment("image", PNG, attachment_type=2, filename="car.png")
    made: list[str] = []
    for name in ("Model A", "Model B", "Model C"):
        product_id = yield _creating(name, picture.media_id)
        made += [product_id]
    product = yield lambda app: app.product_albums.get(made[0])
    assert (product.product_id, product.description, product.price_fen) == (made[0], "Model A", 30_000)
    assert (product.product_sn, product.media_ids, product.created_at) == ("a1", (picture.media_id,), fake.clock.now())
    assert (yield lambda app: app.product_albums.update(made[0], price_fen=29_900)) is None
    page = yield lambda app: app.product_albums.list(limit=2)
    assert [(one.description, one.price_fen, one.created_at) for one in page.items] == [
        ("Model A", 29_900, None),
        ("Model B", 30_000, None),
    ]
    assert page.next_cursor
    everything = yield lambda app: app.product_albums.iter_all(limit=1)
    assert [one.product_id for one in everything] == made
    wrong = yield lambda app: app.media.upload("image", PNG, filename="car.png")
    try:
        yield _creating("Model D", wrong.media_id)
    except InvalidRequestError as error:
        refused(InvalidRequestError, 41072, error)
    else:
        raise AssertionError
    assert (yield lambda app: app.product_albums.delete(made[0])) is None
    try:
        yield lambda app: app.product_albums.get(made[0])
    except NotFoundError as error:
        refused(NotFoundError, 41074, error)
    else:
        raise AssertionError


def _creating(name: str, media_id: str) -> Any:
    return lambda app: app.product_albums.create(name, price_fen=30_000, attachments=[media_id], product_sn="a1")


CASES: tuple[Case, ...] = (product_albums,)
