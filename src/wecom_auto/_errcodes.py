"""The platform's error codes: what each means, whether the call happened, what to do about it.

Data and a lookup, read from `_errcodes.json` on the first error and not before.
Raises nothing, decides nothing: the engine reads `retry` and `applied`, people read `remedy`.

The codes are those of the global table (manual 90313, 全局错误码) as of April 2024, of the archive library (91774) and
of the callback crypto libraries (90968).
Unverified: `kind`, `retry` and `applied` are judgements from the wording of the table.
The platform does not state them.
"""

from __future__ import annotations

import enum
import json
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final, Literal, TypeAlias

from attrs import frozen


class Applied(enum.Enum):
    """Whether the platform carried out the call that failed."""

    NO = "no"
    """It was rejected before anything happened: repeating it is safe."""
    YES = "yes"
    """It happened, or had happened before: treat it as done."""
    UNKNOWN = "unknown"
    """Nobody can tell from the answer: look before repeating a create or a send."""


class RetryRule(enum.Enum):
    """What a program may do after an error code, before it bothers a person."""

    NO = "no"
    """Report it. Repeating changes nothing until somebody changes something."""
    BACKOFF = "backoff"
    """Wait 1, 2, 4 s with jitter, three tries at most."""
    REFRESH_TOKEN = "refresh-token"  # noqa: S105 - the name of a rule, not a token
    """Drop the cached token by compare-and-set, fetch one, repeat once."""
    AFTER_WINDOW = "after-window"
    """Stop this call until the window of the limit has passed."""


class ErrorKind(enum.Enum):
    """The family of an error code; it picks the exception class."""

    OK = "ok"
    TOKEN = "token"  # noqa: S105 - the name of a family, not a token
    IP_NOT_ALLOWED = "ip-not-allowed"
    PERMISSION = "permission"
    INVALID_REQUEST = "invalid-request"
    NOT_FOUND = "not-found"
    ALREADY_EXISTS = "already-exists"
    RATE_LIMIT = "rate-limit"
    QUOTA = "quota"
    SYSTEM_BUSY = "system-busy"
    LICENSE = "license"
    DEPRECATED = "deprecated"
    OTHER = "other"
    UNKNOWN = "unknown"
    """Not in the table: the platform has grown a code since."""


Namespace: TypeAlias = Literal["api", "archive", "callback"]
"""Who speaks: the HTTP API, the archive library (会话内容存档 SDK), or the callback crypto libraries."""


@frozen(kw_only=True)
class ErrorCode:
    """One row of the platform's error table.

    Args:
        code: The number in `errcode`.
        name: What is wrong, in a few English words.
        zh: The title in the manual's table (全局错误码).
        meaning: What is wrong, in a sentence.
        remedy: What to do, for the person who reads the error at night.
        kind: The family; it picks the exception class.
        retry: What a program may do by itself.
        applied: Whether the call happened.
        namespace: Who speaks; the same number may mean other things elsewhere.
    """

    code: int
    name: str
    zh: str
    meaning: str
    remedy: str
    kind: ErrorKind
    retry: RetryRule
    applied: Applied
    namespace: Namespace = "api"

    @property
    def known(self) -> bool:
        """Whether the code is in the table."""
        return self.kind is not ErrorKind.UNKNOWN


_REMEDIES: Final[Mapping[ErrorKind, str]] = {
    ErrorKind.OK: "Nothing to do.",
    ErrorKind.TOKEN: "The token or ticket does not fit this call. The client renews what it can; if it still fails, "
    "check which secret and which kind of token this program was given (应用管理 → the app, in the admin console).",
    ErrorKind.IP_NOT_ALLOWED: "Do not repeat it. Add this machine's public IP to the trusted IPs in the admin console; "
    "it takes effect after about 1 minute.",
    ErrorKind.PERMISSION: "Do not repeat it: an administrator must grant scope, role or feature. Look in the admin "
    "console at 应用管理 → the app → 可见范围 (visible range) and at the app's permissions.",
    ErrorKind.INVALID_REQUEST: "Do not repeat it: the request itself is wrong. Compare its fields with the manual page "
    "of this call.",
    ErrorKind.NOT_FOUND: "Do not repeat it: the id is wrong, gone, or not visible to this app. Read the list again and "
    "refresh the local copy; check 应用管理 → the app → 可见范围 (visible range) in the admin console.",
    ErrorKind.ALREADY_EXISTS: "Take it as done if the wanted state holds; otherwise read the present state and decide.",
    ErrorKind.RATE_LIMIT: "Stop this call for this corp until the window has passed, then go on more slowly.",
    ErrorKind.QUOTA: "Do not repeat it: a fixed amount is used up. Free some of it, or have the limit raised.",
    ErrorKind.SYSTEM_BUSY: "Wait 1, 2, then 4 s with jitter and try at most 3 times. Before repeating a write, read "
    "the state: it may have happened.",
    ErrorKind.LICENSE: "Do not repeat it: buy, renew or activate the licence or the paid feature.",
    ErrorKind.DEPRECATED: "Do not repeat it: move to the call or parameter that replaced this one.",
    ErrorKind.OTHER: "Read the platform's message and decide by hand; check first whether the action happened.",
    ErrorKind.UNKNOWN: "This code is not in the table of April 2024. Read the platform's message, look the number up "
    "at https://developer.work.weixin.qq.com/devtool/query and check whether the action happened before repeating it.",
}
_LOCAL_REMEDY: Final = (
    "Made on this side, never sent by the platform. Check token, EncodingAESKey and receive id against "
    "应用管理 → the app → 接收消息 (receive messages) in the admin console; answer the callback with an HTTP error."
)


def _sentence(name: str) -> str:
    """Begin with a capital, unless the first word is an identifier: `userid` and `welcome_code` keep their spelling."""
    first = name.partition(" ")[0]
    return name if "_" in first or first.endswith(("id", "ids")) else f"{name[:1].upper()}{name[1:]}"


def _row(namespace: Namespace, row: tuple[int, str, str, str, str, str, str, str]) -> ErrorCode:
    code, kind_name, retry, applied, name, zh, meaning, remedy = row
    kind = ErrorKind(kind_name)
    default = _LOCAL_REMEDY if namespace == "callback" else _REMEDIES[kind]
    return ErrorCode(
        code=code,
        name=name,
        zh=zh,
        meaning=meaning or f"{_sentence(name)}.",
        remedy=remedy or default,
        kind=kind,
        retry=RetryRule(retry),
        applied=Applied(applied),
        namespace=namespace,
    )


@cache
def error_table() -> Mapping[tuple[Namespace, int], ErrorCode]:
    """Return every known code, by namespace and number.

    The first call reads the data file (some milliseconds); later calls return the same mapping.
    """
    data = json.loads(files("wecom_auto").joinpath("_errcodes.json").read_text(encoding="utf-8"))
    return {(namespace, row[0]): _row(namespace, row) for namespace, rows in data.items() for row in rows}


def error_code(code: int, *, namespace: Namespace = "api") -> ErrorCode:
    """Look one code up.

    A code that is not in the table is normal, the platform adds some every year: it gives a generic entry with
    `retry` NO and `applied` UNKNOWN.

    Args:
        code: The number in `errcode`.
        namespace: Who answered: `"api"` (the default), `"archive"` or `"callback"`.
    """
    return error_table().get((namespace, code)) or ErrorCode(
        code=code,
        name="unknown error code",
        zh="",
        meaning="The code is not in the table this version was made from.",
        remedy=_REMEDIES[ErrorKind.UNKNOWN],
        kind=ErrorKind.UNKNOWN,
        retry=RetryRule.NO,
        applied=Applied.UNKNOWN,
        namespace=namespace,
    )


# errmsg ends in ", hint: [1700000000_12_abc], from ip: 1.2.3.4, more info at https://…"; only the first part is news.
_HINT: Final = re.compile(r"hint:\s*\[([^\]]*)\]", re.IGNORECASE)
_FROM_IP: Final = re.compile(r"from ip:\s*([0-9A-Fa-f.:]*[0-9A-Fa-f])", re.IGNORECASE)
_TAIL: Final = re.compile(r"[\s,;.]*(?:hint:|from ip:|more info at\b).*", re.IGNORECASE | re.DOTALL)


def _found(pattern: re.Pattern[str], text: str) -> str:
    match = pattern.search(text)
    return match[1].strip() if match else ""


def split_errmsg(errmsg: str) -> tuple[str, str, str]:
    """Split the platform's text into what it says, the hint that its support asks for, and the caller's IP."""
    return _TAIL.sub("", errmsg), _found(_HINT, errmsg), _found(_FROM_IP, errmsg)
