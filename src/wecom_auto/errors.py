"""Every exception the package raises, with what a person needs at three in the morning.

Each says which call failed, after how many attempts, whether the platform may have carried it out, and what to do.
Refuses to show secrets: tokens, secrets and mobile numbers are masked before a text gets in.

```text
WeComError
├── ConfigurationError           the client or a file was set up wrongly
├── ValidationError              an argument breaks a documented limit; nothing was sent (also a ValueError)
├── APIConnectionError           no answer
│   └── APITimeoutError          no answer in time
├── ServerError                  an answer that is not the API's: HTTP 5xx, HTML instead of JSON
├── DecodeError                  an answer of another shape than documented
├── PagingError                  a cursor came back twice
├── JobTimeoutError              the platform had not finished a job when the caller's patience ended
├── APIError                     the platform answered an errcode
│   ├── AuthenticationError      secret, token or ticket
│   ├── PermissionDeniedError    right, scope or trusted IP
│   ├── InvalidRequestError      the request is wrong
│   ├── NotFoundError            no such thing, or not visible
│   ├── ConflictError            exists already, done already, in progress
│   ├── RateLimitError           too fast
│   ├── QuotaExceededError       an amount is used up
│   ├── ServerBusyError          try later
│   └── LicenseError             something must be bought or activated
└── CallbackError                a callback that is not taken
    ├── SignatureError           not signed by the platform
    └── DecryptionError          signed, but not readable, or meant for another receiver
```

All of them pickle, so that they cross process borders (Celery, multiprocessing) whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from wecom_auto._errcodes import (
    Applied,
    ErrorCode,
    ErrorKind,
    Namespace,
    RetryRule,
    error_code,
    error_table,
    split_errmsg,
)
from wecom_auto._redact import redact

__all__ = [
    "APIConnectionError",
    "APIError",
    "APITimeoutError",
    "Applied",
    "AuthenticationError",
    "CallbackError",
    "ConfigurationError",
    "ConflictError",
    "DecodeError",
    "DecryptionError",
    "ErrorCode",
    "ErrorKind",
    "InvalidRequestError",
    "JobTimeoutError",
    "LicenseError",
    "NotFoundError",
    "PagingError",
    "PermissionDeniedError",
    "QuotaExceededError",
    "RateLimitError",
    "RetryRule",
    "ServerBusyError",
    "ServerError",
    "SignatureError",
    "ValidationError",
    "WeComError",
    "api_error",
    "error_code",
    "error_table",
]


def _restore(cls: type[WeComError], args: tuple[object, ...], state: dict[str, Any]) -> WeComError:
    error = cls.__new__(cls, *args)
    error.__dict__.update(state)
    return error


class WeComError(Exception):
    """Base of everything the package raises on purpose.

    Args:
        message: What happened and what to do. Secrets and mobile numbers in it are masked.
    """

    def __init__(self, message: str = "") -> None:
        super().__init__(redact(message))

    def __reduce__(self) -> tuple[Any, ...]:
        # The default would call the class with one text, which most subclasses do not accept.
        return _restore, (type(self), self.args, self.__dict__)


class ConfigurationError(WeComError):
    """The client, a store or a definition is set up wrongly; nothing was sent."""


class ValidationError(WeComError, ValueError):
    """An argument breaks a documented limit of the platform; nothing was sent.

    `client.with_options(validate=False)` leaves the checks to the platform.

    Args:
        field: The argument, in the platform's spelling, for example `"state"` or `"text.content"`.
        value: A short description of what was given, for example `"31 characters"`; never a secret.
        limit: What is accepted, for example `"at most 30 characters"`.
        fix: What to do about it, if it is not plain from the limit.
    """

    def __init__(self, field: str, value: str, limit: str, fix: str = "") -> None:
        self.field: Final = field
        self.value: Final = redact(value)
        self.limit: Final = limit
        super().__init__(f"{field}: got {value}, accepted: {limit}" + (f"; {fix}" if fix else ""))


def _where(call: str, attempts: int) -> str:
    tries = f"{attempts} attempt" + "s" * (attempts != 1)
    return f" ({call}, {tries})" if call else ""


_APPLIED_ADVICE: Final[Mapping[Applied, str]] = {
    Applied.NO: "the platform did not carry it out: it is safe to repeat",
    Applied.YES: "the platform carried it out: do not repeat it",
    Applied.UNKNOWN: "the platform may have carried it out: look before repeating a create or a send",
}


class APIConnectionError(WeComError):
    """The platform gave no answer: DNS, connect, TLS, a reset, or a timeout.

    Args:
        message: What the network said.
        call: The call, for example `"POST externalcontact/add_msg_template"`.
        attempts: How often it was sent.
        applied: Whether the platform may have carried it out. NO only if the request never left.
    """

    def __init__(
        self,
        message: str = "no answer from the platform",
        *,
        call: str = "",
        attempts: int = 1,
        applied: Applied = Applied.UNKNOWN,
    ) -> None:
        self.call: Final = call
        self.attempts: Final = attempts
        self.applied: Final = applied
        super().__init__(f"{message}{_where(call, attempts)}; {_APPLIED_ADVICE[applied]}")


class APITimeoutError(APIConnectionError):
    """The platform gave no answer in time; see `APIConnectionError` for the arguments."""


class ServerError(WeComError):
    """The answer is not the API's: HTTP 5xx, or HTML where JSON belongs (a gateway, a proxy, a captive portal).

    Args:
        message: What came instead.
        call: The call, for example `"POST externalcontact/add_msg_template"`.
        attempts: How often it was sent.
        http_status: The HTTP status.
        applied: Whether the platform may have carried it out.
    """

    def __init__(
        self,
        message: str = "the answer is not JSON",
        *,
        call: str = "",
        attempts: int = 1,
        http_status: int = 500,
        applied: Applied = Applied.UNKNOWN,
    ) -> None:
        self.call: Final = call
        self.attempts: Final = attempts
        self.http_status: Final = http_status
        self.applied: Final = applied
        super().__init__(f"HTTP {http_status}: {message}{_where(call, attempts)}; {_APPLIED_ADVICE[applied]}")


class DecodeError(WeComError):
    """A document has another shape than documented.

    Unknown fields and new enum values are no errors; a text where a number belongs is.

    Args:
        message: What was expected and what was found (types, not values).
        path: Where, for example `"follow_user[2].createtime"`.
        call: The call that was answered, empty if the document did not come from one.
    """

    def __init__(self, message: str, *, path: str = "", call: str = "") -> None:
        self.path: Final = path
        self.call: Final = call
        place = f" at {path}" if path else ""
        source = f" in the answer to {call}" if call else ""
        super().__init__(f"{message}{place}{source}")


class PagingError(WeComError):
    """The platform returned a cursor that was used before; going on would never end."""


class JobTimeoutError(WeComError):
    """The platform had not finished a job when the caller's patience ended; the job goes on without the caller.

    Args:
        jobid: The job; waiting for it again, or asking for its result, goes on where this stopped.
        waited_seconds: How long was waited.
        what: What the job does, for the message.
    """

    def __init__(self, jobid: str, *, waited_seconds: float, what: str = "the job") -> None:
        self.jobid: Final = jobid
        self.waited_seconds: Final = waited_seconds
        super().__init__(
            f"{what} is not done after {waited_seconds:.0f} s (job {jobid}); it goes on: "
            "wait for this jobid again, and do not start a second job"
        )


class APIError(WeComError):
    """The platform answered with an `errcode` other than 0.

    Build it with `api_error`, which picks the subclass. Decide by `errcode`, never by `errmsg`: the text may change.

    Args:
        errcode: The platform's code (全局错误码, manual 90313).
        errmsg: The platform's text; secrets and mobile numbers in it are masked.
        call: The call, for example `"POST externalcontact/batch/get_by_user"`.
        attempts: How often it was sent.
        http_status: The HTTP status, 200 in nearly all cases.
        entry: The row of the error table; looked up if left out.
    """

    def __init__(
        self,
        errcode: int,
        errmsg: str = "",
        *,
        call: str = "",
        attempts: int = 1,
        http_status: int = 200,
        entry: ErrorCode | None = None,
    ) -> None:
        entry = entry or error_code(errcode)
        self.errcode: Final = errcode
        self.errmsg: Final = redact(errmsg)
        self.call: Final = call
        self.attempts: Final = attempts
        self.http_status: Final = http_status
        self.code: Final = entry
        said, self.hint, self.from_ip = split_errmsg(self.errmsg)
        super().__init__(f"{errcode} {said or entry.name}{_where(call, attempts)}; {self._advice()}")

    @property
    def applied(self) -> Applied:
        """Whether the platform carried the call out."""
        return self.code.applied

    @property
    def remedy(self) -> str:
        """What to do about it."""
        return self.code.remedy

    def _advice(self) -> str:
        if self.code.kind is ErrorKind.IP_NOT_ALLOWED and self.from_ip:
            return f"the platform sees this machine as {self.from_ip}. {self.remedy}"
        return self.remedy


class AuthenticationError(APIError):
    """The secret, token or ticket is refused (40001, 40014, 42001, …)."""


class PermissionDeniedError(APIError):
    """The app lacks a right, a scope, a feature or a trusted IP (48002, 60011, 60020, 84074, …)."""


class InvalidRequestError(APIError):
    """The request is wrong and stays wrong (40058, 41050, …), or the call was retired (48005)."""


class NotFoundError(APIError):
    """No such thing, or not visible to this app (40096, 41044, 60111, 84061, …)."""


class ConflictError(APIError):
    """It exists, is done, or is in progress already (40071, 41051, 41093, …)."""


_MINUTE: Final = 60.0
_DAY: Final = 86_400.0
# 41094: the window is not documented; one unverified source says 3 times in 24 h.
_WINDOWS: Final[Mapping[int, float]] = {41094: _DAY, 400301: 5 * _MINUTE, 670023: _DAY}


class RateLimitError(APIError):
    """Too many calls in a window (45009) or at once (45033).

    Args:
        errcode: As in `APIError`, and so are the others.
        errmsg: See `APIError`.
        retry_after: Seconds to wait before the next try; by default 60 for a window and 1 for concurrency.
            The platform does not say which window was hit: if the first call afterwards fails too, assume the hour.
        **evidence: `call`, `attempts`, `http_status`, `entry`, see `APIError`.
    """

    def __init__(self, errcode: int, errmsg: str = "", *, retry_after: float | None = None, **evidence: Any) -> None:
        rule = error_code(errcode).retry
        usual = _WINDOWS.get(errcode, _MINUTE if rule is RetryRule.AFTER_WINDOW else 1.0)
        self.retry_after: Final = usual if retry_after is None else retry_after
        super().__init__(errcode, errmsg, **evidence)

    def _advice(self) -> str:
        return f"try again in {self.retry_after:.0f} s. {self.remedy}"


class QuotaExceededError(APIError):
    """A fixed amount is used up (40126, 41045, 95001, …): waiting a minute does not help."""


class ServerBusyError(APIError):
    """The platform is busy or still at work (-1, 41063, 41096, …)."""


class LicenseError(APIError):
    """A licence or paid feature is missing, expired or not assigned (701008, 301052, …)."""


_CLASSES: Final[Mapping[ErrorKind, type[APIError]]] = {
    ErrorKind.TOKEN: AuthenticationError,
    ErrorKind.IP_NOT_ALLOWED: PermissionDeniedError,
    ErrorKind.PERMISSION: PermissionDeniedError,
    ErrorKind.INVALID_REQUEST: InvalidRequestError,
    ErrorKind.DEPRECATED: InvalidRequestError,
    ErrorKind.NOT_FOUND: NotFoundError,
    ErrorKind.ALREADY_EXISTS: ConflictError,
    ErrorKind.RATE_LIMIT: RateLimitError,
    ErrorKind.QUOTA: QuotaExceededError,
    ErrorKind.SYSTEM_BUSY: ServerBusyError,
    ErrorKind.LICENSE: LicenseError,
}


def api_error(
    code: int,
    errmsg: str = "",
    *,
    call: str = "",
    attempts: int = 1,
    http_status: int = 200,
    retry_after: float | None = None,
    namespace: Namespace = "api",
) -> APIError:
    """Make the exception that fits an `errcode`.

    Args:
        code: The platform's `errcode`.
        errmsg: The platform's `errmsg`.
        call: The call, for example `"POST externalcontact/batch/get_by_user"`: no query, no body.
        attempts: How often it was sent.
        http_status: The HTTP status of the answer.
        retry_after: Seconds to wait, if more is known than the code says; used for rate limits only.
        namespace: Who answered: `"api"`, or `"archive"` for a return code of the archive's native library.

    Returns:
        An `APIError` or the subclass of the code's kind; never raises it.
    """
    entry = error_code(code, namespace=namespace)
    cls = _CLASSES.get(entry.kind, APIError)
    if issubclass(cls, RateLimitError):
        return cls(
            code, errmsg, retry_after=retry_after, call=call, attempts=attempts, http_status=http_status, entry=entry
        )
    return cls(code, errmsg, call=call, attempts=attempts, http_status=http_status, entry=entry)


class CallbackError(WeComError):
    """A callback is not taken: answer it with an HTTP error. The message never contains the body."""

    errcode: int | None = None
    """The code that the platform's own crypto libraries give for it (-40001 to -40011), if there is one."""


class SignatureError(CallbackError):
    """The signature does not fit: not from the platform, or another token is set in the admin console."""

    errcode = -40001


class DecryptionError(CallbackError):
    """The content cannot be read: another EncodingAESKey is set in the admin console, damage, or another receiver."""

    errcode = -40007
