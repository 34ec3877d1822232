"""Look for bytes that bring a callback down, led by coverage: ``python -m benchmarks.fuzz_callbacks --seconds 60``.

Needs atheris (``pip install atheris``), which is in no extra: it ships a fuzzing engine and comes for Linux and macOS.
Every input is a request that is damaged in one layer: the decrypted body, what is around it before encryption,
the ciphertext, the posted envelope, or the query. What is inside the damage is signed anew, so that it gets through.
Whatever is neither an event nor a `CallbackError`, or takes longer than 5 s, ends the run and leaves its bytes behind.
Options after ``--`` go to the engine, for example ``-- crash-0123`` to run one such file again.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType


def layers(hostile: ModuleType) -> tuple[Callable[[bytes], tuple[bytes, bytes]], ...]:
    """Return what the first byte of an input chooses between."""
    sealed, signed = hostile.sealed, hostile.signed
    return (
        sealed,
        lambda data: sealed(data, as_json=True),
        lambda data: signed(hostile.encrypted(data)),
        lambda data: signed(data.decode("utf-8", "surrogateescape")),
        lambda data: sealed(b"<xml/>")._replace(body=data),
        lambda data: sealed(b"<xml/>")._replace(query=data),
    )


def seeds(hostile: ModuleType, folder: Path) -> int:
    """Write what the engine starts from: every example body in every layer. Returns how many."""
    bodies = hostile.bodies()
    starts = [(0, body) for body in bodies] + [(1, body) for body in bodies if body[:1] == b"{"]
    for body in bodies[:10]:
        plain = hostile.padded(body)
        request = hostile.sealed(body)
        starts += [(2, plain), (3, hostile.encrypted(plain).encode()), (4, request.body), (5, request.query)]
    for layer, data in starts:
        content = bytes([layer]) + data
        (folder / hashlib.sha256(content).hexdigest()[:16]).write_bytes(content)
    return len(starts)


def main() -> None:
    """Run the engine."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fuzz_callbacks", description=__doc__)
    parser.add_argument("--seconds", type=int, default=60, help="how long (default: 60)")
    parser.add_argument("engine", nargs="*", help="options of the engine, after --")
    options = parser.parse_args()
    try:
        import atheris
    except ModuleNotFoundError:
        parser.error("atheris is not installed; run: pip install atheris")
    # Nothing of the package may be imported before: only what is imported here is watched.
    with atheris.instrument_imports(include=["wecom_auto.callbacks", "wecom_auto._decode", "wecom_auto._codec"]):
        from tests.unit import _hostile

        from wecom_auto.callbacks import Callback, Event
    from wecom_auto.errors import CallbackError

    callback = Callback(_hostile.TOKEN, _hostile.KEY, _hostile.CORP)
    ways = layers(_hostile)

    def one(data: bytes) -> None:
        query, body = ways[data[0] % len(ways)](data[1:]) if data else (b"", b"")
        try:
            event = callback.open(query, body)
        except CallbackError:
            return
        assert isinstance(event, Event)
        assert repr(event)
        assert event.dedupe_key
        hash(event)

    corpus = Path(tempfile.mkdtemp(prefix="callbacks-"))
    print(f"{seeds(_hostile, corpus)} seeds in {corpus}", file=sys.stderr)
    engine = options.engine or [f"-max_total_time={options.seconds}", "-timeout=5", "-max_len=4096", str(corpus)]
    atheris.Setup([sys.argv[0], *engine], one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
