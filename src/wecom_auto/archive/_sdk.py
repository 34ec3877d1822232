"""What is needed of the vendor's native library (企业微信会话存档 SDK). An interface; loads nothing."""

from __future__ import annotations

from typing import Protocol

__all__ = ["FinanceSdk"]


class FinanceSdk(Protocol):
    """The vendor's library: `NativeFinanceSdk`, `FakeWeCom.finance_sdk`, or a process of yours that has it loaded.

    A function that fails raises the `APIError` of its return code (`api_error(code, namespace="archive")`):
    10001 to 10003 may be tried again, `error.code.retry` says so.
    """

    def get_chat_data(self, seq: int, limit: int, /) -> bytes:
        """Fetch what came after `seq`, as JSON; 1 to 1000 messages."""
        ...

    def decrypt(self, random_key: bytes, message: str, /) -> bytes:
        """Decrypt a message's ``encrypt_chat_msg`` with its random key; JSON."""
        ...

    def get_media(self, index: str, sdkfileid: str, /) -> tuple[bytes, str, bool]:
        """Fetch a piece of a file, 512 KiB at most: bytes, the index of the next piece, and whether it was the last.

        Args:
            index: Empty at first, then what the piece before has given.
            sdkfileid: The file.
        """
        ...

    def close(self) -> None:
        """Give back what it holds."""
