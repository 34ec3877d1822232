"""The data zone (数据与智能专区) from outside: call the program in it. What it answers is the program's matter."""

from __future__ import annotations

from typing import Final

from wecom_auto._binding import C, Endpoints, endpoint
from wecom_auto._call import Call, Effect
from wecom_auto._checks import Check, Limit
from wecom_auto._types import UNSET

__all__ = ["DataZoneEndpoints"]

_CHECKS: Final[tuple[Check, ...]] = (
    Limit("program_id", least=1),
    Limit("ability_id", least=1),
    Limit("notify_id", bytes=128),
    Limit("request_data", least=1),
)


class DataZoneEndpoints(Endpoints[C]):
    """The data zone (数据与智能专区), where messages may be looked at and do not leave."""

    __slots__ = ()

    @endpoint
    def call_program(
        self, program_id: str, *, ability_id: str, request_data: str = "{}", notify_id: str = ""
    ) -> Call[str]:
        """Let the corp's program in the zone do something, and wait for its answer.

        Nobody but the program knows what it does, so that a call of unknown outcome is not repeated: it raises.
        The asynchronous variant (应用异步调用专区程序) is called by path.

        Manual: `应用同步调用专区程序 <https://developer.work.weixin.qq.com/document/path/99811>`__

        Args:
            program_id: The program.
            ability_id: What it is to do (能力).
            request_data: What it is given, as JSON in a text.
            notify_id: From `ProgramNotified`, if it had called: up to 128 bytes, good for 10 minutes.

        Returns:
            JSON in a text, in a form of the program's own.

        Raises:
            NotFoundError: 790006 no image of the program is published.
            APIError: 790016 the request data, 790014 the answer is not of the form that the console has for the ability
                (输入协议, 输出协议; manual 100019).
        """
        path = "/cgi-bin/chatdata/sync_call_program"
        call = Call.post(
            Effect.CREATE,
            path,
            str,
            program_id=program_id,
            ability_id=ability_id,
            notify_id=notify_id or UNSET,
            request_data=request_data,
        )
        return call.unwrap("response_data").checked(*_CHECKS)
