"""Application messages (消息推送 › 发送应用消息): to members of the corp, at once and without a tap.

Not to customers: for them there are mass messages and the welcome message.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from wecom_auto._binding import C, Endpoints, endpoint
from wecom_auto._call import Call, Effect
from wecom_auto._checks import AnyOf, Check, Limit, OneOf
from wecom_auto._codec import encode_object
from wecom_auto._types import UNSET, Unset
from wecom_auto.api._rules import MaxJoined, Needs
from wecom_auto.api._values import flag, listed, piped
from wecom_auto.models import SentMessage, StaffMessage

__all__ = ["MessageEndpoints"]

_LIMITS: Final[tuple[Check, ...]] = (
    AnyOf("touser", "toparty", "totag", "selected_ticket_list"),
    MaxJoined("touser", 1000),
    MaxJoined("toparty", 100),
    MaxJoined("totag", 100),
    Needs("agentid", unless=("msgtype", "miniprogram_notice"), fix="pass agent_id= here or to the client"),
    OneOf("safe", (0, 1, 2)),
    Limit("duplicate_check_interval", least=1, most=4 * 3600),
    Limit("text.content", bytes=2048),
    Limit("markdown.content", bytes=2048),
    Limit("video.title", bytes=128),
    Limit("video.description", bytes=512),
    Limit("textcard.title", chars=128),
    Limit("textcard.description", chars=512),
    Limit("textcard.url", bytes=2048),
    Limit("textcard.btntxt", chars=4),
    Limit("news.articles", least=1, items=8),
    Limit("news.articles[].title", bytes=128),
    Limit("news.articles[].description", bytes=512),
    Limit("news.articles[].url", bytes=2048),
    Limit("news.articles[].picurl", bytes=2048),
    Limit("mpnews.articles", least=1, items=8),
    Limit("mpnews.articles[].title", bytes=128),
    Limit("mpnews.articles[].author", bytes=64),
    Limit("mpnews.articles[].digest", bytes=512),
    Limit("mpnews.articles[].content", bytes=666 * 1024),
    OneOf("template_card.source.desc_color", (0, 1, 2, 3)),
    Limit("template_card.vertical_content_list", items=4),
    Limit("template_card.horizontal_content_list", items=6),
    Limit("template_card.jump_list", items=3),
    Limit("template_card.action_menu.action_list", least=1, items=3),
    Limit("template_card.action_menu.action_list[].key", bytes=1024),
    Limit("template_card.task_id", bytes=128),
    Limit("template_card.button_list", items=6),
    Limit("template_card.button_list[].style", least=1, most=4),
    Limit("template_card.button_list[].key", bytes=1024),
    Limit("template_card.checkbox.question_key", bytes=1024),
    Limit("template_card.checkbox.option_list", least=1, items=20),
    Limit("template_card.checkbox.option_list[].id", bytes=128),
    Limit("template_card.select_list", items=3),
    Limit("template_card.select_list[].question_key", bytes=1024),
    Limit("template_card.select_list[].option_list", least=1, items=10),
    Limit("template_card.select_list[].option_list[].id", bytes=128),
    Limit("template_card.submit_button.key", bytes=1024),
    Limit("template_card.button_selection.question_key", bytes=1024),
    Limit("template_card.button_selection.option_list", least=1, items=10),
    Limit("template_card.button_selection.option_list[].id", bytes=128),
)


class MessageEndpoints(Endpoints[C]):
    """Application messages (应用消息) to members of the corp."""

    __slots__ = ()

    @endpoint
    def send(
        self,
        message: StaffMessage,
        *,
        users: Sequence[str] | Unset = UNSET,
        parties: Sequence[int | str] | Unset = UNSET,
        tags: Sequence[int | str] | Unset = UNSET,
        selected_tickets: Sequence[str] | Unset = UNSET,
        agent_id: int | Unset = UNSET,
        safe: int | Unset = UNSET,
        enable_id_trans: bool | Unset = UNSET,
        enable_duplicate_check: bool | Unset = UNSET,
        duplicate_check_interval_seconds: int | Unset = UNSET,
    ) -> Call[SentMessage]:
        """Send a message to members, departments or tags.

        A lost answer is repeated only with ``enable_duplicate_check=True``, when the platform drops the double.
        Per app: 200 sends a day for each member that the account has room for.
        Per member: 30 a minute and 1,000 an hour; the platform drops the rest without a word.
        Avoid the full and the half hour.

        Manual: `发送应用消息 <https://developer.work.weixin.qq.com/document/path/90236>`__

        Args:
            message: What to send, for example ``TextMessage(content="…")``.
            users: Userids, up to 1,000; ``["@all"]`` for everybody who sees the app.
            parties: Department ids, up to 100.
            tags: Ids of address-book tags (not of customer tags), up to 100.
            selected_tickets: Tickets of the people picker; third-party apps only.
                Unverified: that they are enough without `users`, `parties` and `tags`.
            agent_id: The app; by default the client's. A mini-program notice needs none.
            safe: 0 shareable, 1 confidential, 2 shareable inside the corp only (mpnews); 0 by default.
            enable_id_trans: Turn ids in the text into names; third-party apps only.
            enable_duplicate_check: Drop a message that is the same as one of the last minutes.
            duplicate_check_interval_seconds: How many seconds count, up to 4 hours; 1,800 by default.

        Returns:
            The id, and who got nothing although the call succeeded.

        Raises:
            PermissionDeniedError: 81013 none of the recipients exists within the app's range.
        """
        agentid = self._agent_id if agent_id is UNSET else agent_id
        return Call.post(
            Effect.SET if enable_duplicate_check else Effect.SEND,
            "/cgi-bin/message/send",
            SentMessage,
            touser=piped("touser", users),
            toparty=piped("toparty", parties),
            totag=piped("totag", tags),
            selected_ticket_list=listed("selected_ticket_list", selected_tickets) or UNSET,
            agentid=agentid,
            **encode_object(message),
            safe=safe,
            enable_id_trans=flag(enable_id_trans),
            enable_duplicate_check=flag(enable_duplicate_check),
            duplicate_check_interval=duplicate_check_interval_seconds,
        ).checked(*_LIMITS)
