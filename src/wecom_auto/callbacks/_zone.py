"""What happens inside the data zone (数据与智能专区), as events. Reads decrypted JSON and pulls nothing.

Manual: `产生会话回调通知 <https://developer.work.weixin.qq.com/document/path/99853>`_.
The platform hands these to the program in the zone as JSON; `read_event` reads them wherever they come from.
"""

from __future__ import annotations

from typing import ClassVar

from attrs import field, frozen

from wecom_auto.callbacks._discreet import masked
from wecom_auto.callbacks._json import at
from wecom_auto.callbacks._robots import JSONEvent

__all__ = ["ZoneConversationUpdated"]


@frozen(kw_only=True, repr=False)
class ZoneConversationUpdated(JSONEvent):
    """There are new messages to pull in the zone (产生会话回调通知).

    Args:
        token: Lets the pull through for 10 minutes; a secret.
    """

    FAMILY: ClassVar[str] = "zone"
    CHANGE_TYPE: ClassVar[str] = "conversation_new_message"
    READ_AGAIN: ClassVar[bool] = True

    token: str = field(default="", metadata=at("conversation_new_message", "token"), repr=masked)
