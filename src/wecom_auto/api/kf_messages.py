"""Messages of customer service (微信客服): pull what came, and answer. Keeps no cursor: that is the caller's.

Nothing that a program sends is pulled again. An answer that succeeded is not yet delivered: `KfMessageFailed` tells.
"""

from __future__ import annotations

from typing import Final

from wecom_auto._binding import C, Endpoints, Step, endpoint, step, workflow
from wecom_auto._call import Call, Effect
from wecom_auto._checks import Limit, OneOf
from wecom_auto._codec import encode_object
from wecom_auto._types import UNSET, Unset
from wecom_auto.api._kf_rules import ANY_KIND, MENU, MSGID, content_of
from wecom_auto.errors import PagingError
from wecom_auto.models import KfMenu, KfMessage, KfPage, KfSendable, KfText, KfVoiceFormat, read_kf_page

__all__ = ["KfMessageEndpoints"]

_MOST: Final = 1_000
_ACCOUNT: Final = Limit("open_kfid", least=1)


class KfMessageEndpoints(Endpoints[C]):
    """Messages and events of customer service (微信客服)."""

    __slots__ = ()

    @endpoint
    def sync(
        self,
        open_kfid: str,
        *,
        cursor: str = "",
        token: str = "",
        limit: int = _MOST,
        voice_format: KfVoiceFormat | Unset = UNSET,
    ) -> Call[KfPage]:
        """Pull messages and events of the last three days (读取消息), a page at a time, oldest first.

        Store `KfPage.next_cursor` with what you have done, and go on as long as it `has_more`, also after an empty
        page. Pull when `KfMessagesWaiting` tells of something.

        Manual: `读取消息 <https://developer.work.weixin.qq.com/document/path/94670>`__

        Args:
            open_kfid: The account.
            cursor: Where the page before ended, up to 64 bytes; the beginning of the three days if empty.
            token: Of the callback, up to 128 bytes, for 10 minutes; without one calls are strictly limited.
            limit: Messages on a page, up to 1,000.
            voice_format: Format of voices; AMR if not given.

        Raises:
            InvalidRequestError: 95007 the token is unknown or too old.
            NotFoundError: 95004 there is no such account.
        """
        return _page(open_kfid, cursor, token, limit, voice_format)

    @workflow
    def sync_all(self, open_kfid: str, *, cursor: str = "", token: str = "", pages: int = 100) -> Step[KfPage]:
        """Pull everything that is there, as one page.

        It stands in memory at once; where there is much, call `sync` in a loop and store the cursor in between.

        Manual: `读取消息 <https://developer.work.weixin.qq.com/document/path/94670>`__

        Args:
            open_kfid: The account.
            cursor: Where the last pull ended.
            token: Of the callback.
            pages: Most pages; if there are more, the result `has_more`.

        Raises:
            PagingError: The platform answered a cursor that it had answered before.
        """
        messages: list[KfMessage] = []
        seen = {cursor}
        while True:
            page = yield from step(_page(open_kfid, cursor, token, _MOST, UNSET))
            messages.extend(page.messages)
            pages -= 1
            if not page.has_more or pages < 1:
                return KfPage(messages=tuple(messages), has_more=page.has_more, next_cursor=page.next_cursor)
            cursor = page.next_cursor
            if cursor in seen:
                msg = f"messages of {open_kfid}: the platform answered a cursor that it had answered before"
                raise PagingError(msg)
            seen.add(cursor)

    @endpoint
    def send(
        self, open_kfid: str, *, external_userid: str, content: KfSendable | str, msgid: str | Unset = UNSET
    ) -> Call[str]:
        """Answer a customer (发送消息), and return the msgid.

        Only while the conversation is `UNHANDLED` or the `ASSISTANT`'s, within 48 hours after the customer wrote, and
        at most 5 times until they write again.

        Manual: `发送消息 <https://developer.work.weixin.qq.com/document/path/94677>`__

        Args:
            open_kfid: The account.
            external_userid: The customer.
            content: What to say: a text of up to 2,048 UTF-8 bytes, or a `KfImage`, `KfMenu`, `KfAcquisitionLink`, ….
            msgid: Yours, up to 32 of ``0-9a-zA-Z_-``, for each account once.

        Raises:
            QuotaExceededError: 95001 five messages were sent since the customer wrote.
            PermissionDeniedError: 95002 the customer wrote more than 48 hours ago; 95018 the conversation is somebody
                else's or over.
        """
        return (
            Call.post(
                Effect.SEND,
                "/cgi-bin/kf/send_msg",
                str,
                touser=external_userid,
                open_kfid=open_kfid,
                msgid=msgid,
                **encode_object(content_of(content)),
            )
            .unwrap("msgid")
            .checked(_ACCOUNT, Limit("touser", least=1), MSGID, *ANY_KIND)
        )

    @endpoint
    def send_on_event(self, code: str, *, content: KfText | KfMenu | str, msgid: str | Unset = UNSET) -> Call[str]:
        """Answer an event with its code (发送欢迎语等事件响应消息), once, and return the msgid.

        Codes are `KfSessionEntered.welcome_code` (20 seconds), `KfSessionChanged.msg_code` and `KfSessionMove.msg_code`
        (20 seconds after the end, 48 hours otherwise). The conversation must still be as it was then.

        Manual: `发送欢迎语等事件响应消息 <https://developer.work.weixin.qq.com/document/path/95122>`__

        Args:
            code: The code; a secret.
            content: A text of up to 2,048 UTF-8 bytes, or a menu; while the customer waits for a servicer a text only.
                A menu has up to 10 entries here.
            msgid: Yours, up to 32 of ``0-9a-zA-Z_-``.
        """
        call = Call.post(
            Effect.SEND,
            "/cgi-bin/kf/send_msg_on_event",
            str,
            code=code,
            msgid=msgid,
            **encode_object(content_of(content)),
        ).unwrap("msgid")
        kind = OneOf("msgtype", (KfText.MSGTYPE, KfMenu.MSGTYPE))
        return call.checked(Limit("code", least=1), MSGID, kind, Limit("msgmenu.list", items=10), *MENU)


def _page(open_kfid: str, cursor: str, token: str, limit: int, voice_format: KfVoiceFormat | Unset) -> Call[KfPage]:
    call = Call.post(
        Effect.READ,
        "/cgi-bin/kf/sync_msg",
        KfPage,
        open_kfid=open_kfid,
        cursor=cursor or UNSET,
        token=token or UNSET,
        limit=limit,
        voice_format=voice_format,
    ).read_by(read_kf_page)
    return call.checked(
        _ACCOUNT, Limit("cursor", bytes=64), Limit("token", bytes=128), Limit("limit", least=1, most=_MOST)
    )
