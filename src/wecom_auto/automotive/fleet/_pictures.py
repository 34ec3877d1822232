"""Pictures of codes to print: a QR symbol or the platform's own picture, with a logo, a title and a caption.

The platform answers the address of a *picture* for contact ways and join ways, and says nowhere what the symbol in it
encodes. So such a picture is framed, never drawn again; a link is drawn here. Opens no connection: the bytes of a
picture are handed in.

segno makes the symbol, because it knows every version and error level and needs nothing else; Pillow sets text into a
PNG, which segno does not. An SVG needs neither Pillow nor a font: the viewer's own draws the text.
"""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from attrs import field, frozen

from wecom_auto.errors import ConfigurationError

if TYPE_CHECKING:
    import segno
    from PIL import Image, ImageFont

_QUIET: Final = 4
"""Modules of white around a symbol (ISO/IEC 18004)."""
_SIDE: Final = 600
"""Side of the square for the code, in units of the picture; everything else is measured by it."""
_LOGO: Final = 0.2
"""Share of the side that a logo takes: 4 % of the area, far below the 30 % that level H can lose."""
_TITLE, _CAPTION, _LINE = 40, 30, 1.35
_PER_LINE: Final = 18
_LINES: Final = 3
_IMAGES: Final = ((b"\x89PNG", "image/png"), (b"\xff\xd8\xff", "image/jpeg"), (b"GIF8", "image/gif"))
_FONTS: Final = (
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
    "/System/Library/Fonts/PingFang.ttc",
    "/System/Library/Fonts/STHeiti Light.ttc",
    "C:/Windows/Fonts/msyh.ttc",
    "C:/Windows/Fonts/simhei.ttf",
)
_STYLE: Final = "font-family:'PingFang SC','Microsoft YaHei','Noto Sans CJK SC','WenQuanYi Zen Hei',sans-serif"


@frozen(kw_only=True)
class CodePicture:
    """One code, ready to be drawn.

    Attributes:
        link: What the symbol encodes, for example the address of an acquisition link.
        image: The platform's own picture of a contact way or a join way (PNG or JPEG), instead of `link`.
        image_url: Its address, instead of its bytes: who looks at the SVG loads it; a PNG needs the bytes.
        title: Above the code, for example the name of the store.
        caption: Below the code; longer ones go over up to three lines.
        logo: A picture for the middle (PNG or JPEG); the symbol stays readable, it is drawn at level H.
    """

    link: str = ""
    image: bytes = field(default=b"", repr=False)
    image_url: str = ""
    title: str = ""
    caption: str = ""
    logo: bytes = field(default=b"", repr=False)

    def __attrs_post_init__(self) -> None:
        if sum(map(bool, (self.link, self.image, self.image_url))) != 1:
            msg = "a picture needs the link that it encodes, or the platform's own image, or its address"
            raise ConfigurationError(msg)
        if self.image_url and not self.image_url.startswith(("https://", "http://")):
            msg = f"the address of a picture begins with https://, not {self.image_url[:40]!r}"
            raise ConfigurationError(msg)
        for data in filter(None, (self.image, self.logo)):
            _mime(data)

    def svg(self) -> str:
        """Draw it as SVG: sharp at every size, with the text as text."""
        height = _height(self)
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_SIDE} {height}" role="img">',
            f"<title>{html.escape(self.title or self.caption or 'QR')}</title>",
            f'<rect width="{_SIDE}" height="{height}" fill="#fff"/>',
        ]
        top = _top(self)
        if self.title:
            parts.append(_text(self.title, _TITLE, top - _TITLE * 0.45, weight="bold"))
        if self.link:
            parts.append(_symbol_svg(self.link, top, high=bool(self.logo)))
        else:
            parts.append(_image(self.image_url or _address(self.image), 0, top, _SIDE))
        if self.logo:
            parts.append(_logo_svg(self.logo, top))
        for number, line in enumerate(_wrapped(self.caption)):
            parts.append(_text(line, _CAPTION, top + _SIDE + _CAPTION * (1 + number * _LINE)))
        return "".join((*parts, "</svg>"))

    def png(self, *, scale: float = 1.0, font: Path | None = None) -> bytes:
        """Draw it as PNG.

        Args:
            scale: 1 is 600 pixels wide; print wants 300 dots an inch, so 5 cm are 600 pixels.
            font: A TrueType font that has the characters of title and caption; by default one that the system has.

        Raises:
            ConfigurationError: no font with Chinese characters was found; pass one, or draw an SVG. Or the picture is
                known by its address only.
        """
        if self.image_url:
            msg = "a PNG needs the bytes of the platform's picture: load image_url and pass them as image"
            raise ConfigurationError(msg)
        try:
            from PIL import Image, ImageDraw
        except ImportError as error:
            raise _missing(error) from error
        side, height = round(_SIDE * scale), round(_height(self) * scale)
        sheet, top = Image.new("RGB", (side, height), "white"), round(_top(self) * scale)
        sheet.paste(_square(self, side), (0, top))
        if self.logo:
            _paste_logo(sheet, self.logo, side, top)
        draw = ImageDraw.Draw(sheet)
        texts = [(self.title, _TITLE, _top(self) - _TITLE * 0.45)] if self.title else []
        for number, line in enumerate(_wrapped(self.caption)):
            texts.append((line, _CAPTION, _top(self) + _SIDE + _CAPTION * (1 + number * _LINE)))
        for text, size, baseline in texts:
            draw.text(
                (side / 2, baseline * scale), text, fill="black", anchor="ms", font=_font(text, size * scale, font)
            )
        written = io.BytesIO()
        sheet.save(written, "PNG", dpi=(300, 300))
        return written.getvalue()


def print_sheet(pictures: Iterable[CodePicture], *, title: str = "", columns: int = 3) -> str:
    """Return a page (HTML) with many codes, to be printed on A4 and cut.

    It needs no network, unless a picture is known by its address only.

    HTML rather than PDF: every office prints it, and no font has to be shipped.

    Args:
        pictures: In the order of the sheet.
        title: On top of the page.
        columns: 1 to 6 beside each other.

    Raises:
        ConfigurationError: another number of columns.
    """
    if columns not in range(1, 7):
        msg = f"a sheet has 1 to 6 columns, not {columns}"
        raise ConfigurationError(msg)
    cards = "\n".join(f"<figure>{one.svg()}</figure>" for one in pictures)
    style = (
        "@page{size:A4;margin:10mm}body{margin:0;font-family:sans-serif}"
        f"main{{display:grid;grid-template-columns:repeat({columns},1fr);gap:6mm}}"
        "figure{margin:0;padding:4mm;border:1px dashed #999;break-inside:avoid}svg{display:block;width:100%}"
        "h1{font-size:14pt;font-weight:normal;margin:4mm 0}"
    )
    return (
        '<!doctype html>\n<html lang="zh">\n<meta charset="utf-8">\n'
        f"<title>{html.escape(title or '活码')}</title>\n<style>{style}</style>\n"
        + (f"<h1>{html.escape(title)}</h1>\n" if title else "")
        + f"<main>\n{cards}\n</main>\n</html>\n"
    )


def _missing(error: ImportError) -> ConfigurationError:
    return ConfigurationError(f"pictures need {error.name}; run: pip install 'wecom-auto[automotive]'")


def _top(picture: CodePicture) -> float:
    return _TITLE * 1.9 if picture.title else 0.0


def _height(picture: CodePicture) -> int:
    lines = len(_wrapped(picture.caption))
    return round(_top(picture) + _SIDE + (_CAPTION * (lines * _LINE + 0.4) if lines else 0))


def _wrapped(text: str) -> list[str]:
    """Cut a caption into lines; a wide character counts one, a narrow one a half."""
    lines, width = [""], 0.0
    for char in " ".join(text.split()):
        size = 1.0 if ord(char) > 0x2E7F else 0.55  # noqa: PLR2004  # Where CJK begins.
        if width + size > _PER_LINE:
            lines, width = [*lines, ""], 0.0
        lines[-1] += char
        width += size
    if len(lines) > _LINES:
        lines = [*lines[: _LINES - 1], lines[_LINES - 1][:-1] + "…"]
    return [line.strip() for line in lines if line.strip()]


def _qr(link: str, *, high: bool) -> segno.QRCode:
    try:
        import segno
    except ImportError as error:
        raise _missing(error) from error
    try:
        return segno.make_qr(link, error="h" if high else "m", boost_error=not high)
    except segno.DataOverflowError as error:
        msg = f"{len(link)} characters are too much for a QR code; shorten the link"
        raise ConfigurationError(msg) from error


def _symbol_svg(link: str, top: float, *, high: bool) -> str:
    code = _qr(link, high=high)
    modules = code.symbol_size(border=_QUIET)[0]
    path = code.svg_inline(border=_QUIET, omitsize=True, scale=1)
    inner = path.replace("<svg", f'<svg x="0" y="{top:g}" width="{_SIDE}" height="{_SIDE}"', 1)
    return inner if "viewBox" in inner else inner.replace("<svg", f'<svg viewBox="0 0 {modules} {modules}"', 1)


def _logo_svg(logo: bytes, top: float) -> str:
    size = _SIDE * _LOGO
    start, pad = (_SIDE - size) / 2, size * 0.08
    frame = (
        f'<rect x="{start - pad:g}" y="{top + start - pad:g}" width="{size + 2 * pad:g}" height="{size + 2 * pad:g}" '
        f'rx="{pad:g}" fill="#fff"/>'
    )
    return frame + _image(_address(logo), start, top + start, size)


def _address(data: bytes) -> str:
    return f"data:{_mime(data)};base64,{base64.b64encode(data).decode()}"


def _image(address: str, x: float, y: float, size: float) -> str:
    return f'<image x="{x:g}" y="{y:g}" width="{size:g}" height="{size:g}" href="{html.escape(address)}"/>'


def _text(text: str, size: int, baseline: float, *, weight: str = "normal") -> str:
    return (
        f'<text x="{_SIDE / 2:g}" y="{baseline:g}" text-anchor="middle" font-size="{size}" font-weight="{weight}" '
        f'style="{_STYLE}">{html.escape(text)}</text>'
    )


def _mime(data: bytes) -> str:
    for start, mime in _IMAGES:
        if data.startswith(start):
            return mime
    msg = "a picture is expected as PNG, JPEG or GIF"
    raise ConfigurationError(msg)


def _square(picture: CodePicture, side: int) -> Image.Image:
    from PIL import Image

    if picture.image:
        return _opened(picture.image).convert("RGB").resize((side, side), Image.Resampling.LANCZOS)
    code, written = _qr(picture.link, high=bool(picture.logo)), io.BytesIO()
    code.save(written, kind="png", scale=max(1, side // code.symbol_size(border=_QUIET)[0]), border=_QUIET)
    # Whole pixels for each module, then the few that are missing: a blurred edge costs nothing, a wrong width does.
    return _opened(written.getvalue()).convert("RGB").resize((side, side), Image.Resampling.NEAREST)


def _paste_logo(sheet: Image.Image, logo: bytes, side: int, top: int) -> None:
    from PIL import Image, ImageDraw

    size = round(side * _LOGO)
    start, pad = (side - size) // 2, round(size * 0.08)
    box = (start - pad, top + start - pad, start + size + pad, top + start + size + pad)
    ImageDraw.Draw(sheet).rounded_rectangle(box, radius=pad, fill="white")
    picture = _opened(logo).convert("RGBA").resize((size, size), Image.Resampling.LANCZOS)
    sheet.paste(picture, (start, top + start), picture)


def _opened(data: bytes) -> Image.Image:
    from PIL import Image, UnidentifiedImageError

    try:
        picture = Image.open(io.BytesIO(data))
        picture.load()
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError) as error:
        msg = "the picture cannot be read; give a PNG or a JPEG"
        raise ConfigurationError(msg) from error
    return picture


def _font(text: str, size: float, font: Path | None) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    from PIL import ImageFont

    if font is not None:
        return ImageFont.truetype(str(font), size)
    for known in _FONTS:
        if Path(known).is_file():
            return ImageFont.truetype(known, size)
    if text.isascii():
        return ImageFont.load_default(size)
    msg = "no font with Chinese characters was found: pass font=Path('….ttf'), or draw an SVG, which needs none"
    raise ConfigurationError(msg)
