"""The vendor's library by ctypes: against one that is compiled here, with the documented functions."""

from __future__ import annotations

import hashlib
import platform
import shutil
import struct
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from tests.unit._archive_stage import AT, CONTACT, chatdata, message, private_pem, sealed

from wecom_auto.archive import ArchiveKeys, NativeArchive, NativeFinanceSdk, Unreadable, Utterance
from wecom_auto.errors import APIError, ConfigurationError, NotFoundError, ServerBusyError, ValidationError

SOURCE = Path(__file__).with_name("_finance_sdk.c")
COMPILER = shutil.which("cc") or shutil.which("gcc")
compiled = pytest.mark.skipif(
    COMPILER is None or sys.platform != "linux", reason="no C compiler (cc, gcc) here, or not Linux"
)


def build(into: Path, *flags: str) -> Path:
    """Compile the library."""
    subprocess.run([str(COMPILER), "-shared", "-fPIC", "-O1", *flags, "-o", into, SOURCE], check=True)
    return into


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library, compiled once."""
    return build(tmp_path_factory.mktemp("lib") / "libWeWorkFinanceSdk_C.so")


def sdk_of(library: Path, folder: Path, **more: object) -> NativeFinanceSdk:
    """The library that serves a folder."""
    return NativeFinanceSdk(library, str(folder), "right", **more)  # type: ignore[arg-type]  # each test its own


def living(sdk: NativeFinanceSdk) -> int:
    """How many handles, slices and media nobody has given back."""
    return int(sdk._library.Living())


@compiled
def test_messages_come_through_the_library(library: Path, tmp_path: Path) -> None:
    """A page of really encrypted messages becomes utterances, and everything is given back."""
    big = 2**40 + 7
    (tmp_path / "0.json").write_bytes(chatdata(sealed(3, message(3)), sealed(big, message(big))))
    (tmp_path / f"{big}.json").write_bytes(chatdata())
    with sdk_of(library, tmp_path, proxy="socks5://10.0.0.1:8081", proxy_login="user:word", timeout_seconds=9) as sdk:
        source = NativeArchive(sdk=sdk, keys=ArchiveKeys({1: private_pem()}))
        page = source.read("", 500)
        assert (page.cursor, page.more) == (str(big), True)
        first = page.rows[0]
        assert isinstance(first, Utterance)
        assert (first.msgid, first.sender.id, first.kind, first.text) == ("m3_external", CONTACT, "text", "您好")
        assert first.at.timestamp() * 1000 == AT + 3000
        assert not source.read(page.cursor, 500).more
        assert living(sdk) == 1
        seen = (tmp_path / "seen").read_text().splitlines()
        assert seen == [f"{seq} 500 socks5://10.0.0.1:8081 user:word 9" for seq in (0, big)]
    assert living(sdk) == 0
    sdk.close()
    with pytest.raises(ConfigurationError, match="was closed"):
        sdk.get_chat_data(0, 1)


@compiled
def test_return_codes_are_errors_that_say_what_to_do(library: Path, tmp_path: Path) -> None:
    """A network error is tried again by itself, an expired file is not; nothing leaks on the way."""
    (tmp_path / "0.json").write_bytes(chatdata())
    (tmp_path / "codes").write_text("10001\n10003\n")
    pauses: list[float] = []
    sdk = sdk_of(library, tmp_path)
    source = NativeArchive(sdk=sdk, keys=ArchiveKeys({}), sleep=pauses.append)
    assert source.read("", 10).rows == ()
    assert len(pauses) == 2
    (tmp_path / "codes").write_text("10001\n" * 3)
    with pytest.raises(ServerBusyError) as caught:
        source.read("", 10)
    assert (caught.value.errcode, caught.value.call) == (10001, "GetChatData")
    (tmp_path / "codes").write_text("10010\n")
    with pytest.raises(NotFoundError, match="10010"):
        sdk.get_media("", "file")
    with pytest.raises(APIError, match="10005"):
        sdk.get_media("", "no such file")
    with pytest.raises(APIError, match="10006"):
        sdk.decrypt(b"key", "zz")
    with pytest.raises(ValidationError, match="limit"):
        sdk.get_chat_data(0, 1001)
    assert living(sdk) == 1
    sdk.close()


@compiled
def test_a_wrong_secret_is_refused_and_shown_to_nobody(library: Path, tmp_path: Path) -> None:
    """The library's own code is raised, the handle is given back, and no secret is in any text."""
    with pytest.raises(APIError, match="10009") as caught:
        NativeFinanceSdk(library, str(tmp_path), "wrong-secret")
    assert "wrong-secret" not in str(caught.value)
    sdk = NativeFinanceSdk(library, str(tmp_path), "right", proxy_login="user:hidden-word")
    assert "hidden-word" not in repr(sdk)
    assert living(sdk) == 1
    sdk.close()
    with pytest.raises(ValidationError, match="timeout_seconds"):
        NativeFinanceSdk(library, str(tmp_path), "right", timeout_seconds=0)


@compiled
def test_files_come_in_pieces_with_their_zeros(library: Path, tmp_path: Path) -> None:
    """A file with zeros in it arrives whole; an empty one, too; a sum that never fits is said."""
    content = b"\x00AMR\x00\xff" * 7
    (tmp_path / "voice").write_bytes(content)
    (tmp_path / "empty").write_bytes(b"")
    with sdk_of(library, tmp_path) as sdk:
        source = NativeArchive(sdk=sdk, keys=ArchiveKeys({}), sleep=lambda _seconds: None)
        md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
        found = source.save_media("voice", tmp_path / "out.amr", md5=md5.upper())
        assert (found.size, found.md5, found.intact) == (len(content), md5, True)
        assert found.path.read_bytes() == content
        assert source.save_media("empty", tmp_path / "out.empty").size == 0
        assert not source.save_media("voice", tmp_path / "out.other", md5="0" * 32).intact
        with pytest.raises(APIError, match="10005"):
            source.save_media("nothing", tmp_path / "never")
        assert not (tmp_path / "never").exists()
        assert [one.name for one in tmp_path.iterdir() if one.name.startswith(".")] == []
        assert living(sdk) == 1


@compiled
def test_threads_take_turns(library: Path, tmp_path: Path) -> None:
    """Eight threads on one handle: every answer is whole."""
    (tmp_path / "0.json").write_bytes(chatdata(*(sealed(seq, message(seq)) for seq in (1, 2, 3))))
    with sdk_of(library, tmp_path) as sdk:
        wanted, found = sdk.get_chat_data(0, 10), list[bytes]()
        threads = [threading.Thread(target=lambda: found.append(sdk.get_chat_data(0, 10))) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found == [wanted] * 8
        assert living(sdk) == 1


@compiled
def test_a_wrong_key_leaves_the_message_as_it_came(library: Path, tmp_path: Path) -> None:
    """Another private key decrypts to noise: the row is kept raw, and the page goes on."""
    (tmp_path / "0.json").write_bytes(chatdata(sealed(1, message(1)), sealed(2, message(2), version=2)))
    with sdk_of(library, tmp_path) as sdk:
        page = NativeArchive(sdk=sdk, keys=ArchiveKeys({1: private_pem(2), 2: private_pem(2)})).read("", 10)
        bad, good = page.rows
        assert isinstance(bad, Unreadable)
        assert isinstance(good, Utterance)
        assert (bad.msgid, bad.key_version, page.cursor) == ("m1_external", 1, "2")


@compiled
def test_a_library_that_lacks_a_function_is_named(tmp_path: Path) -> None:
    """The library for Java, say: the missing function is named, and which file is wanted."""
    less = build(tmp_path / "less.so", "-DLESS")
    with pytest.raises(ConfigurationError, match=r"no function IsMediaDataFinish; is it the C library"):
        NativeFinanceSdk(less, "ww1", "right")


def _elf(machine: int) -> bytes:
    return b"\x7fELF\x02\x01\x01".ljust(16, b"\0") + struct.pack("<HH", 3, machine)


OTHER_MACHINE = 62 if platform.machine().lower() in {"aarch64", "arm64"} else 183


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, r"no such file.*document/path/91774"),
        (_elf(OTHER_MACHINE), r"it was built for (aarch64|x86_64), this is"),
        (_elf(9999), "it was built for machine 9999"),
        (b"MZ" + b"\0" * 30, "it is a Windows DLL"),
        (b"#!/bin/sh\n", "it is no library"),
    ],
    ids=["missing", "other machine", "unknown machine", "windows", "script"],
)
@pytest.mark.skipif(sys.platform != "linux", reason="the message is about files of other systems than Linux")
def test_what_cannot_be_loaded_says_why(tmp_path: Path, content: bytes | None, says: str) -> None:
    """A library that is missing, for another machine or system, or none, is an error that says so."""
    path = tmp_path / "lib.so"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=says):
        NativeFinanceSdk(path, "ww1", "secret")


@pytest.mark.skipif(sys.platform != "linux", reason="musl is of Linux")
def test_musl_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On Alpine the library cannot be loaded, and the error says what it wants."""
    here = {"x86_64": 62, "aarch64": 183}.get(platform.machine(), 62)
    (tmp_path / "lib.so").write_bytes(_elf(here))
    monkeypatch.setattr(platform, "libc_ver", lambda: ("", ""))
    monkeypatch.setattr(platform, "machine", lambda: {62: "x86_64", 183: "aarch64"}[here])
    with pytest.raises(ConfigurationError, match="it needs glibc"):
        NativeFinanceSdk(tmp_path / "lib.so", "ww1", "secret")
