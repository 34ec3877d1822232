"""Typed Python SDK for 企业微信 (WeCom), made for the private-domain work of car makers and dealers.

Import from here; modules whose names start with an underscore are not for you.
The SOP engine, the directory and the fake have packages of their own:
`wecom_auto.sop`, `wecom_auto.directory`, `wecom_auto.testing`.
"""

from __future__ import annotations

from wecom_auto._bulk import BulkFailure, BulkResult, Progress, Report
from wecom_auto._call import UNSET, Call, Effect, Page, Unset, Upload
from wecom_auto._chapters import Calls
from wecom_auto._client import BASE_URL, AsyncWeCom, WeCom
from wecom_auto._engine import Options, Response
from wecom_auto._events import CallFailed, CallFinished, CallRetried, CallWaited, ClientEvent, Observer, TokenFetched
from wecom_auto._limits import Rate, RateLimiter
from wecom_auto._pages import AsyncPages, Pages
from wecom_auto._retry import RetryPolicy
from wecom_auto._tokens import MemoryTokenStore, RedisTokenStore, StoredToken, TokenStore
from wecom_auto._transport import Reply
from wecom_auto._types import JSON, JSONObject
from wecom_auto._walk import AsyncWalk, Found, Walk
from wecom_auto.errors import (
    APIConnectionError,
    APIError,
    APITimeoutError,
    Applied,
    AuthenticationError,
    CallbackError,
    ConfigurationError,
    ConflictError,
    DecodeError,
    DecryptionError,
    InvalidRequestError,
    JobTimeoutError,
    LicenseError,
    NotFoundError,
    PagingError,
    PermissionDeniedError,
    QuotaExceededError,
    RateLimitError,
    ServerBusyError,
    ServerError,
    SignatureError,
    ValidationError,
    WeComError,
)

__all__ = [
    "BASE_URL",
    "JSON",
    "UNSET",
    "APIConnectionError",
    "APIError",
    "APITimeoutError",
    "Applied",
    "AsyncPages",
    "AsyncWalk",
    "AsyncWeCom",
    "AuthenticationError",
    "BulkFailure",
    "BulkResult",
    "Call",
    "CallFailed",
    "CallFinished",
    "CallRetried",
    "CallWaited",
    "CallbackError",
    "Calls",
    "ClientEvent",
    "ConfigurationError",
    "ConflictError",
    "DecodeError",
    "DecryptionError",
    "Effect",
    "Found",
    "InvalidRequestError",
    "JSONObject",
    "JobTimeoutError",
    "LicenseError",
    "MemoryTokenStore",
    "NotFoundError",
    "Observer",
    "Options",
    "Page",
    "Pages",
    "PagingError",
    "PermissionDeniedError",
    "Progress",
    "QuotaExceededError",
    "Rate",
    "RateLimitError",
    "RateLimiter",
    "RedisTokenStore",
    "Reply",
    "Report",
    "Response",
    "RetryPolicy",
    "ServerBusyError",
    "ServerError",
    "SignatureError",
    "StoredToken",
    "TokenFetched",
    "TokenStore",
    "Unset",
    "Upload",
    "ValidationError",
    "Walk",
    "WeCom",
    "WeComError",
]


def __getattr__(name: str) -> str:
    if name == "__version__":
        from importlib.metadata import version

        return version("wecom-auto")
    msg = f"module {__name__} has no attribute {name}"
    raise AttributeError(msg)
