"""The vendor's native library, by ctypes, from a path of yours. Ships no library and starts no process.

The vendor publishes it for Linux with glibc (``libWeWorkFinanceSdk_C.so``) and for Windows; it does its own HTTP with
its own token. A crash inside it ends the process: let the archive be read by a process of its own.
"""

from __future__ import annotations

import ctypes
import platform
import struct
import threading
from pathlib import Path
from typing import Any, Final, Self

from wecom_auto.errors import ConfigurationError, ValidationError, api_error

__all__ = ["NativeFinanceSdk"]

_HANDLE, _TEXT, _INT = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int
_FUNCTIONS: Final[dict[str, tuple[Any, tuple[Any, ...]]]] = {
    "NewSdk": (_HANDLE, ()),
    "Init": (_INT, (_HANDLE, _TEXT, _TEXT)),
    "DestroySdk": (None, (_HANDLE,)),
    "GetChatData": (_INT, (_HANDLE, ctypes.c_ulonglong, ctypes.c_uint, _TEXT, _TEXT, _INT, _HANDLE)),
    "DecryptData": (_INT, (_TEXT, _TEXT, _HANDLE)),
    "GetMediaData": (_INT, (_HANDLE, _TEXT, _TEXT, _TEXT, _TEXT, _INT, _HANDLE)),
    "NewSlice": (_HANDLE, ()),
    "FreeSlice": (None, (_HANDLE,)),
    "GetContentFromSlice": (_HANDLE, (_HANDLE,)),
    "GetSliceLen": (_INT, (_HANDLE,)),
    "NewMediaData": (_HANDLE, ()),
    "FreeMediaData": (None, (_HANDLE,)),
    "GetOutIndexBuf": (_HANDLE, (_HANDLE,)),
    "GetData": (_HANDLE, (_HANDLE,)),
    "GetIndexLen": (_INT, (_HANDLE,)),
    "GetDataLen": (_INT, (_HANDLE,)),
    "IsMediaDataFinish": (_INT, (_HANDLE,)),
}
"""Result and arguments of every function (manual 91774): left to ctypes, a 64-bit pointer would be cut to 32."""
_MACHINES: Final = {3: "x86", 40: "arm", 62: "x86_64", 183: "aarch64", 243: "riscv64", 258: "loongarch64"}
_ALIASES: Final = {"amd64": "x86_64", "arm64": "aarch64", "i386": "x86", "i686": "x86", "armv7l": "arm"}
_ROWS: Final = 1000


class NativeFinanceSdk:
    """The vendor's library (manual 91774), loaded from where you put it; it is not part of this package.

    Threads take turns: versions before 1.1 allow one call at a time on a handle.

    Args:
        path: The file, as downloaded from the manual's page.
        corp_id: The corp.
        secret: The archive's own secret (会话内容存档 → Secret).
        proxy: ``socks5://10.0.0.1:8081`` or ``http://10.0.0.1:8081``; empty for none.
        proxy_login: ``user:password``; empty for none.
        timeout_seconds: Of each call; the manual advises 5.

    Raises:
        ConfigurationError: There is no file, it is for another machine or system, or lacks a function.
        APIError: The library does not take corp id or secret.
    """

    def __init__(
        self,
        path: str | Path,
        corp_id: str,
        secret: str,
        *,
        proxy: str = "",
        proxy_login: str = "",
        timeout_seconds: int = 5,
    ) -> None:
        if timeout_seconds < 1:
            field = "timeout_seconds"
            raise ValidationError(field, value=str(timeout_seconds), limit="at least 1 second")
        self.path: Final = Path(path)
        self._library: Final = _load(self.path)
        self._way: Final = (proxy.encode(), proxy_login.encode(), timeout_seconds)
        self._lock: Final = threading.Lock()
        self._handle: int | None = self._library.NewSdk()
        if not self._handle:
            msg = f"{self.path}: NewSdk gave no handle"
            raise ConfigurationError(msg)
        code = self._library.Init(self._handle, corp_id.encode(), secret.encode())
        if code:
            self.close()
            raise api_error(code, call="Init", namespace="archive")

    def __repr__(self) -> str:
        return f"NativeFinanceSdk(path={str(self.path)!r})"

    def __enter__(self) -> Self:
        """Return itself; the end of the block gives its handle back."""
        return self

    def __exit__(self, *_exception: object) -> None:
        """Give the handle back."""
        self.close()

    def close(self) -> None:
        """Give the handle back; once more does nothing."""
        with self._lock:
            handle, self._handle = self._handle, None
            if handle:
                self._library.DestroySdk(handle)

    def get_chat_data(self, seq: int, limit: int, /) -> bytes:
        """Fetch what came after `seq` (`GetChatData`).

        Args:
            seq: The largest number that was had; 0 at first.
            limit: 1 to 1000.

        Returns:
            JSON; its own ``errcode`` says more.

        Raises:
            APIError: The library's return code, 10000 to 10011.
        """
        if not 1 <= limit <= _ROWS:
            field = "limit"
            raise ValidationError(field, value=str(limit), limit=f"1 to {_ROWS}")
        lib = self._library
        with self._lock:
            handle = self._open_handle()
            out = lib.NewSlice()
            try:
                _check("GetChatData", lib.GetChatData(handle, seq, limit, *self._way, out))
                return _bytes(lib.GetContentFromSlice(out), lib.GetSliceLen(out))
            finally:
                lib.FreeSlice(out)

    def decrypt(self, random_key: bytes, message: str, /) -> bytes:
        """Decrypt a message (`DecryptData`); needs no connection.

        Args:
            random_key: From `ArchiveKeys.open`.
            message: The ``encrypt_chat_msg``.

        Raises:
            APIError: 10004, 10006 or 10008: the key does not fit.
        """
        lib = self._library
        out = lib.NewSlice()
        try:
            _check("DecryptData", lib.DecryptData(random_key, message.encode(), out))
            return _bytes(lib.GetContentFromSlice(out), lib.GetSliceLen(out))
        finally:
            lib.FreeSlice(out)

    def get_media(self, index: str, sdkfileid: str, /) -> tuple[bytes, str, bool]:
        """Fetch a piece of a file (`GetMediaData`), 512 KiB at most.

        Args:
            index: Empty at first, then what the piece before has given.
            sdkfileid: The file.

        Returns:
            The bytes, the index of the next piece, and whether this was the last.

        Raises:
            APIError: 10005 there is no such file; 10010 it has expired.
        """
        lib = self._library
        with self._lock:
            handle = self._open_handle()
            out = lib.NewMediaData()
            try:
                code = lib.GetMediaData(handle, index.encode(), sdkfileid.encode(), *self._way, out)
                _check("GetMediaData", code)
                data = _bytes(lib.GetData(out), lib.GetDataLen(out))
                following = _bytes(lib.GetOutIndexBuf(out), lib.GetIndexLen(out)).decode()
                return data, following, bool(lib.IsMediaDataFinish(out))
            finally:
                lib.FreeMediaData(out)

    def _open_handle(self) -> int:
        if self._handle is None:
            msg = f"{self.path}: the library was closed"
            raise ConfigurationError(msg)
        return self._handle


def _check(function: str, code: int) -> None:
    if code:
        raise api_error(code, call=function, namespace="archive")


def _bytes(address: int | None, length: int) -> bytes:
    """Copy by length: a file has zeros in it."""
    return ctypes.string_at(address, length) if address and length > 0 else b""


def _load(path: Path) -> Any:
    if not path.is_file():
        msg = (
            f"{path}: no such file. The vendor's library is not part of this package: download it from "
            "https://developer.work.weixin.qq.com/document/path/91774 and give its path"
        )
        raise ConfigurationError(msg)
    try:
        library = ctypes.CDLL(str(path.resolve()))
    except OSError as error:
        msg = f"{path}: cannot be loaded on this machine ({_why(path)}): {error}"
        raise ConfigurationError(msg) from error
    for name, (result, arguments) in _FUNCTIONS.items():
        try:
            function = getattr(library, name)
        except AttributeError as error:
            msg = f"{path}: no function {name}; is it the C library (libWeWorkFinanceSdk_C), not the one for Java?"
            raise ConfigurationError(msg) from error
        function.restype, function.argtypes = result, arguments
    return library


def _why(path: Path) -> str:
    """Say what a file that cannot be loaded is, and what would be needed."""
    with path.open("rb") as file:
        head = file.read(20)
    here = platform.machine().lower()
    here = _ALIASES.get(here, here)
    if head[:2] == b"MZ":
        return "it is a Windows DLL" if platform.system() != "Windows" else "is it of 64 bits, as Python is?"
    if head[:4] != b"\x7fELF" or len(head) < 20:  # noqa: PLR2004 - the part of an ELF header that names the machine
        return "it is no library"
    order = ">" if head[5] == 2 else "<"  # noqa: PLR2004 - ELFDATA2MSB
    (number,) = struct.unpack_from(f"{order}H", head, 18)
    built = _MACHINES.get(number, f"machine {number}")
    if built != here:
        return f"it was built for {built}, this is {here}"
    if platform.system() == "Linux" and platform.libc_ver()[0] != "glibc":
        return "it needs glibc, and this system has another libc, such as Alpine's musl"
    return "does it lack a library that it needs? ldd names it"
