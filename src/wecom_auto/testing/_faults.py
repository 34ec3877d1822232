"""Bad days on demand: which request goes wrong, and how. Changes answers only; the core decides when to ask."""

from __future__ import annotations

import random
from collections import defaultdict
from typing import Literal, TypeAlias, TypedDict, Unpack

from attrs import evolve, frozen

from wecom_auto.testing._wire import RawReply

__all__ = ["Fault", "FaultOptions", "Faults", "Spoiled"]

Spoiled: TypeAlias = Literal["", "html", "garbage", "empty", "truncated"]
"""What a spoiled answer holds instead of its JSON."""

OK, BUSY = 200, -1
RESETS: tuple[str, ...] = ("before", "after")
ADVERBS = frozenset({"errmsg", "processed"})
SPOILED: tuple[str, ...] = ("html", "garbage", "empty", "truncated")
HTML = b"<html><head><title>502 Bad Gateway</title></head><body><center><h1>502 Bad Gateway</h1></center></body></html>"
GARBAGE = b"\x00\xff\xfe{not json"


class FaultOptions(TypedDict, total=False):
    """How a request goes wrong, in the words of a test; see `FakeWeCom.fail_next`."""

    errcode: int
    errmsg: str
    reset: Literal["before", "after"]
    status: int
    html: bool
    body: Spoiled
    slow: float
    late_busy: bool
    repeat_cursor: bool
    processed: bool


@frozen(kw_only=True)
class Fault:
    """One way to go wrong.

    Args:
        errcode: Answer this errcode.
        errmsg: The detail in errmsg.
        processed: The platform carried the call out before it went wrong.
        reset: Cut the connection instead of answering.
        status: The HTTP status.
        body: What the answer holds instead of JSON.
        slow: Answer this many seconds late.
        repeat_cursor: Answer the request's own cursor as `next_cursor`.
    """

    errcode: int | None = None
    errmsg: str = ""
    processed: bool = False
    reset: bool = False
    status: int = 200
    body: Spoiled = ""
    slow: float = 0.0
    repeat_cursor: bool = False

    @classmethod
    def of(cls, **options: Unpack[FaultOptions]) -> Fault:
        """Return the fault that a test described.

        Raises:
            ValueError: Nothing would go wrong, an option that does not exist, or a value it does not take.
        """
        _check_options(options)
        status, late_busy = options.get("status", OK), options.get("late_busy", False)
        body: Spoiled = "html" if options.get("html") or status != OK else options.get("body", "")
        late = late_busy or options.get("reset") == "after" or body in ("empty", "truncated")
        return cls(
            errcode=BUSY if late_busy else options.get("errcode"),
            errmsg=options.get("errmsg", ""),
            processed=options.get("processed", late),
            reset="reset" in options,
            status=status,
            body=body,
            slow=options.get("slow", 0.0),
            repeat_cursor=options.get("repeat_cursor", False),
        )

    @property
    def silent(self) -> bool:
        """Whether the platform's own answer goes out, late or with a repeated cursor but whole."""
        return self.errcode is None and not self.reset and not self.body and self.status == OK

    def spoil(self, reply: RawReply) -> RawReply:
        """Return what the caller gets instead of `reply`."""
        spoiled = {"": reply.body, "html": HTML, "garbage": GARBAGE, "empty": b"", "truncated": reply.body[:-9]}
        kind = "text/html" if self.body == "html" else reply.content_type
        return evolve(
            reply, body=spoiled[self.body], status=self.status, content_type=kind, reset=self.reset, delay=self.slow
        )


def _check_options(options: FaultOptions) -> None:
    """Refuse what Python did not: a test whose bad day never comes proves nothing."""
    strange = options.keys() - FaultOptions.__annotations__.keys()
    if strange:
        msg = f"a fault has no {', '.join(sorted(strange))}; it has {', '.join(FaultOptions.__annotations__)}"
        raise ValueError(msg)
    if not options.keys() - ADVERBS:
        msg = "a fault needs one of errcode, reset, status, html, body, slow, late_busy, repeat_cursor"
        raise ValueError(msg)
    for name, accepted in (("reset", RESETS), ("body", SPOILED)):
        value = options.get(name)
        if value is not None and value not in accepted:
            msg = f"{name}={value!r}: use one of {', '.join(accepted)}"
            raise ValueError(msg)


class Faults:
    """The faults that wait for their request: first the planned ones in order, then the dice."""

    def __init__(self, seed: int) -> None:
        self._planned: defaultdict[str, list[Fault]] = defaultdict(list)
        self._random: list[tuple[str, float, Fault]] = []
        self._dice = random.Random(seed)  # noqa: S311 - reproducible bad luck, not a secret

    def plan(self, path: str, fault: Fault, times: int) -> None:
        """Let the next `times` requests of `path` meet `fault`; `"*"` is any path."""
        self._planned[path].extend([fault] * times)

    def chance(self, path: str, probability: float, fault: Fault) -> None:
        """Let each request of `path` meet `fault` with `probability`, by the fake's seed.

        Raises:
            ValueError: A probability outside 0 to 1.
        """
        if not 0 <= probability <= 1:
            msg = f"probability={probability}: give a number from 0 to 1"
            raise ValueError(msg)
        self._random.append((path, probability, fault))

    def clear(self) -> None:
        """Forget every fault that has not struck."""
        self._planned.clear()
        self._random.clear()

    def take(self, path: str) -> Fault | None:
        """Return the fault of this request, or None on a good day."""
        for key in (path, "*"):
            if self._planned.get(key):
                return self._planned[key].pop(0)
        for key, probability, fault in self._random:
            if key in (path, "*") and self._dice.random() < probability:
                return fault
        return None
