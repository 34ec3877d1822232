"""Play one case in either colour: a case yields what to ask, and gets the answer back."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, TypeAlias

from wecom_auto import AsyncPages, AsyncWeCom, Pages, WeCom
from wecom_auto.errors import WeComError
from wecom_auto.testing import FakeWeCom

Ask: TypeAlias = Callable[[Any], Any]
"""What to ask of a client, for example ``lambda app: app.tags.list()``."""
Play: TypeAlias = Generator[Ask, Any, None]
Case: TypeAlias = Callable[[FakeWeCom], Play]
Shadow: TypeAlias = Callable[[Ask, Any], None]
"""Is told every question with its answer."""


def refused(kind: type[Exception], errcode: int, error: BaseException) -> None:
    """Assert that `error` is the class and code that the case expects."""
    assert isinstance(error, kind)
    assert getattr(error, "errcode", 0) == errcode


def ask(app: WeCom, question: Ask) -> Any:
    """Return the answer, with all pages of an iterator; an error is an answer too."""
    try:
        answer = question(app)
        return tuple(answer) if isinstance(answer, Pages) else answer
    except WeComError as error:
        return error


async def ask_async(app: AsyncWeCom, question: Ask) -> Any:
    """Return the answer of the asynchronous client; see `ask`."""
    try:
        answer = question(app)
        return tuple([item async for item in answer]) if isinstance(answer, AsyncPages) else await answer
    except WeComError as error:
        return error


def _next(play: Play, answer: Any) -> Ask:
    return play.throw(answer) if isinstance(answer, WeComError) else play.send(answer)


def perform(play: Play, app: WeCom, watch: Shadow = lambda _question, _answer: None) -> None:
    """Play a case with the synchronous client."""
    try:
        question = next(play)
        while True:
            answer = ask(app, question)
            watch(question, answer)
            question = _next(play, answer)
    except StopIteration:
        return


async def perform_async(play: Play, app: AsyncWeCom, watch: Shadow = lambda _question, _answer: None) -> None:
    """Play a case with the asynchronous client."""
    try:
        question = next(play)
        while True:
            answer = await ask_async(app, question)
            watch(question, answer)
            question = _next(play, answer)
    except StopIteration:
        return
