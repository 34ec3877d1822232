"""Pictures of codes are read by a reader of QR codes, and hold what they were given."""

from __future__ import annotations

import io
import re

import pytest
from PIL import Image, ImageDraw

from wecom_auto.automotive.fleet import CodePicture, print_sheet
from wecom_auto.errors import ConfigurationError

zxingcpp = pytest.importorskip("zxingcpp", reason="needs zxing-cpp, a reader of QR codes: pip install zxing-cpp")
LINK = "https://work.weixin.qq.com/ca/cawcde1234567890abcd?customer_channel=w1q2345abcd"


def logo() -> bytes:
    """A red square with a white disc."""
    picture, written = Image.new("RGBA", (64, 64), "#c00"), io.BytesIO()
    ImageDraw.Draw(picture).ellipse((12, 12, 52, 52), fill="white")
    picture.save(written, "PNG")
    return written.getvalue()


def read(png: bytes) -> list[str]:
    """What a reader sees in a picture."""
    return [found.text for found in zxingcpp.read_barcodes(Image.open(io.BytesIO(png)).convert("RGB"))]


@pytest.mark.parametrize("mark", [b"", logo()], ids=["plain", "logo"])
@pytest.mark.parametrize("scale", [0.4, 1.0, 2.0])
def test_a_reader_reads_the_link(mark, scale):
    """Small and big, with and without a logo in the middle."""
    assert read(CodePicture(link=LINK, logo=mark).png(scale=scale)) == [LINK]


def test_the_platforms_picture_is_framed_not_drawn_again():
    """The code of a contact way keeps its content under a title and a caption."""
    theirs = CodePicture(link="https://u.wechat.com/abc").png()
    assert read(CodePicture(image=theirs, title="Hall", caption="Scan me").png()) == ["https://u.wechat.com/abc"]


def test_an_svg_has_the_text_as_text_and_no_markup_of_others():
    """Captions are escaped, and nothing is fetched."""
    drawn = CodePicture(link=LINK, title='店 <A&B>"', caption="<script>", logo=logo()).svg()
    assert "&lt;script&gt;" in drawn
    assert "<script" not in drawn
    assert "店 &lt;A&amp;B&gt;" in drawn
    assert re.findall(r'href="(?!data:)', drawn) == []


def test_a_long_caption_takes_three_lines_and_is_cut():
    """What does not fit ends with an ellipsis."""
    drawn = CodePicture(link=LINK, caption="长" * 100).svg()
    assert drawn.count("<text") == 3
    assert "…" in drawn


def test_a_sheet_has_every_code():
    """One card for each, with a title that is escaped."""
    sheet = print_sheet([CodePicture(link=LINK, caption=str(n)) for n in range(7)], title="<北京>", columns=2)
    assert sheet.count("<figure>") == 7
    assert "&lt;北京&gt;" in sheet
    assert "size:A4" in sheet


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (CodePicture, "needs the link"),
        (lambda: CodePicture(link=LINK, image_url="https://x/y.png"), "needs the link"),
        (lambda: CodePicture(image=b"<svg/>"), "PNG, JPEG or GIF"),
        (lambda: CodePicture(image_url="javascript:alert(1)"), "https://"),
        (lambda: CodePicture(image_url="https://x/y.png").png(), "needs the bytes"),
        (lambda: CodePicture(image=b"\x89PNG garbage").png(), "cannot be read"),
        (lambda: CodePicture(link="x" * 5000).svg(), "too much for a QR code"),
        (lambda: print_sheet([], columns=9), "1 to 6 columns"),
    ],
)
def test_what_cannot_be_drawn_says_why(make, message):
    """One message each."""
    with pytest.raises(ConfigurationError, match=message):
        make()
