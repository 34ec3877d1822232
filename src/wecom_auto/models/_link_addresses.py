"""Make the addresses of acquisition links that go into text messages and web pages. Opens none of them."""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qs, quote, urlsplit

from wecom_auto.errors import ValidationError

__all__ = ["channel_url", "wechat_url"]

_CHANNEL: Final = "customer_channel"
_CHANNEL_BYTES: Final = 64
_PROFILE: Final = "weixin://biz/ww/profile/"


def channel_url(url: str, customer_channel: str) -> str:
    """Return the address of a link for one lead, one text message or one advertisement.

    Whoever is added through it has `customer_channel` as their ``state``: in `customers.get`, in
    `acquisition_links.iter_customers`, in the events `CustomerAdded` and `LinkFriendRequested`.
    Use an id of yours and no phone number: the address can be read by everybody who passes it on.

    ```python
    from wecom_auto.models import channel_url

    assert channel_url("https://work.weixin.qq.com/ca/caw1", "短信 0301#7") == (
        "https://work.weixin.qq.com/ca/caw1?customer_channel=%E7%9F%AD%E4%BF%A1%200301%237"
    )
    ```

    Args:
        url: `AcquisitionLink.url`; a query and a fragment are kept.
        customer_channel: 1 to 64 UTF-8 bytes; the platform cuts what is longer without a word.
            Unverified: that bytes are counted before the percent-encoding.

    Raises:
        ValidationError: `customer_channel` is empty, too long or no text, or `url` has one already or is no address.
    """
    parts = urlsplit(url)
    if not (parts.scheme and parts.netloc):
        field = "url"
        raise ValidationError(field, value="no address", limit="the url of a link, https://work.weixin.qq.com/ca/…")
    if _CHANNEL in parse_qs(parts.query, keep_blank_values=True):
        raise ValidationError(_CHANNEL, value="a url that has one", limit="one", fix="pass the url of the link itself")
    pair = f"{_CHANNEL}={quote(_checked(customer_channel), safe='')}"
    return parts._replace(query="&".join(filter(None, (parts.query, pair)))).geturl()


def wechat_url(url: str) -> str:
    """Return the address that opens a link inside WeChat from a web page or an app (weixin://…).

    Args:
        url: `AcquisitionLink.url`, or what `channel_url` returned.
    """
    return _PROFILE + quote(url, safe="")


def _checked(channel: str) -> str:
    try:
        size = len(channel.encode())
    except UnicodeEncodeError:
        raise ValidationError(_CHANNEL, value="half a character", limit="text that UTF-8 can carry") from None
    if not 1 <= size <= _CHANNEL_BYTES:
        raise ValidationError(_CHANNEL, value=f"{size:,} UTF-8 bytes", limit=f"1 to {_CHANNEL_BYTES} UTF-8 bytes")
    return channel
