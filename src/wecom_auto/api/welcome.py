"""Welcome messages (客户联系 › 发送新客户欢迎语): the one message that needs no tap."""

from __future__ import annotations

from collections.abc import Sequence
from types import NoneType
from typing import Final

from wecom_auto._binding import C, Endpoints, Step, step, workflow
from wecom_auto._call import Call, Effect
from wecom_auto._types import UNSET, Unset
from wecom_auto.api._rules import CUSTOMER_MESSAGE
from wecom_auto.api._values import text_of
from wecom_auto.errors import ConflictError
from wecom_auto.models import Attachment, Text

__all__ = ["WelcomeEndpoints"]

_CHATTING: Final = 41051


class WelcomeEndpoints(Endpoints[C]):
    """Welcome messages (新客户欢迎语): once, within 20 seconds."""

    __slots__ = ()

    @workflow
    def send(
        self,
        welcome_code: str,
        *,
        text: str | Text | Unset = UNSET,
        attachments: Sequence[Attachment] = (),
    ) -> Step[bool]:
        """Greet a customer who was just added.

        A code works once, so the call is repeated after a lost answer, and while another app is sending (41096).
        There is no code if the console greets for that member: let one of the two do it.
        Nothing is filled in: write the name into the text yourself, if the 20 seconds allow asking for it.

        Manual: `发送新客户欢迎语 <https://developer.work.weixin.qq.com/document/path/92137>`__

        Args:
            welcome_code: From the event; it dies after 20 seconds.
            text: Up to 4,000 UTF-8 bytes.
            attachments: Up to 9; they arrive as messages of their own after the text.

        Returns:
            True if this call sent the message; False if the customer has one already or the two are chatting (41051).

        Raises:
            InvalidRequestError: 41050 the code has died.
            ServerBusyError: 41096 another app is still sending.
        """
        call = Call.post(
            Effect.SET,
            "/cgi-bin/externalcontact/send_welcome_msg",
            NoneType,
            welcome_code=welcome_code,
            text=text_of(text),
            attachments=attachments or UNSET,
        ).checked(*CUSTOMER_MESSAGE)
        try:
            yield from step(call)
        except ConflictError as error:
            if error.errcode != _CHATTING:
                raise
            return False
        return True
