"""``wecom-auto callback``: a receiver to look at, and a sender that plays the platform. Keeps no secrets."""

from __future__ import annotations

import inspect
import json
import secrets
import statistics
import string
import sys
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from wecom_auto.errors import ConfigurationError

if TYPE_CHECKING:
    from wsgiref.simple_server import WSGIServer

    from rich.console import Console

    from wecom_auto.callbacks import KnownEvent
    from wecom_auto.cli._callback_send import Sent
    from wecom_auto.cli._callback_serve import Seen, TryOut
    from wecom_auto.cli._callback_why import Secrets

callback = typer.Typer(help="Callbacks (回调): try a receiver, or send it any event.", no_args_is_help=True)

_EPILOG: Final = (
    "Exit codes: 0 done; 1 the platform would not be content; 2 a mistake in the command or a file; 130 interrupted."
)
_LOG_COLUMNS: Final = 200
"""Width of a table in a file or a pipe, where nothing is gained by cutting it."""
_LETTERS: Final = string.ascii_letters + string.digits

_Token = Annotated[str, typer.Option(envvar="WECOM_TOKEN", show_envvar=True, help="Token of the callback URL.")]
_AesKey = Annotated[str, typer.Option(envvar="WECOM_AES_KEY", show_envvar=True, help="EncodingAESKey, 43 characters.")]
_ReceiveId = Annotated[
    str | None,
    typer.Option(
        envvar="WECOM_CORP_ID", show_envvar=True, help="Whom messages are for: corp id, suite id, or '' for a robot."
    ),
]


@callback.command(epilog=_EPILOG)
def serve(
    *,
    token: _Token = "",
    aes_key: _AesKey = "",
    receive_id: _ReceiveId = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 takes a free one.")] = 8080,
    record: Annotated[
        Path | None, typer.Option(dir_okay=False, help="Add a line of JSON for every request, without secrets.")
    ] = None,
    raw: Annotated[
        bool, typer.Option("--raw", help="Print the decrypted bodies too; they hold personal data.")
    ] = False,
    count: Annotated[int, typer.Option(min=0, help="Stop after so many requests; 0 goes on until Ctrl-C.")] = 0,
) -> None:
    """Receive callbacks and print them, and say what is wrong with a request that is refused.

    Without --token and --aes-key it makes them up and prints what to paste into the admin console.
    """
    from wecom_auto.cli._callback_serve import Record, TryOut
    from wecom_auto.cli._callback_why import Secrets

    made_up = not token and not aes_key
    if made_up:
        token, aes_key = _random(24), _random(43)
    given = _checked(Secrets(token=token, aes_key=aes_key, receive_id=receive_id))
    book = Record(record) if record is not None else None
    console, left = _console(), [count]

    def tell(seen: Seen) -> None:
        _show_seen(console, seen, raw=raw)
        if book is not None:
            book.write(seen)
        left[0] -= 1

    try:
        with _bound(TryOut(given, tell), host, port) as server:
            _greet(console, f"http://{host}:{server.server_port}/", given if made_up else None)
            server.timeout = 0.2
            while not count or left[0] > 0:
                server.handle_request()
    except KeyboardInterrupt:
        typer.echo("stopped", err=True)
    finally:
        if book is not None:
            book.close()


@callback.command(epilog=_EPILOG)
def send(
    event: Annotated[
        str, typer.Argument(metavar="[EVENT]", help="CustomerAdded, or change_external_contact.add_external_contact.")
    ] = "",
    *,
    to: Annotated[str, typer.Option(metavar="URL", help="The receiver.")] = "",
    token: _Token = "",
    aes_key: _AesKey = "",
    receive_id: _ReceiveId = None,
    fields: Annotated[
        list[str] | None, typer.Option("--set", metavar="FIELD=VALUE", help="A field of the event; may be repeated.")
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="Fill the fields that the platform may leave out, too.")] = False,
    body: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="Send this file of XML or JSON in place of an event."),
    ] = None,
    agent_id: Annotated[str, typer.Option(help="The app, for the envelope.")] = "",
    repeat: Annotated[int, typer.Option(min=1, max=100_000, help="Send so many of them, one after the other.")] = 1,
    duplicate: Annotated[bool, typer.Option("--duplicate", help="Send each twice, as a redelivery does.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Check the URL as the admin console does.")] = False,
    show: Annotated[bool, typer.Option("--show", help="Print the body before it is encrypted.")] = False,
    list_events: Annotated[bool, typer.Option("--list", help="List the events, or the fields of EVENT.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")] = False,
) -> None:
    """Make any event, encrypt and sign it, post it, and tell what the platform would make of the answer."""
    if list_events:
        _list(event, as_json=as_json)
        return
    if not to:
        msg = "--to URL is missing: where is the receiver?"
        raise ConfigurationError(msg)
    if bool(event) + (body is not None) + check != 1:
        msg = "give one of EVENT, --body and --check; `--list` shows the events"
        raise ConfigurationError(msg)
    from wecom_auto.callbacks._json_body import is_json
    from wecom_auto.callbacks._xml import trimmed
    from wecom_auto.cli._callback_send import check_receiver, plain_body, post_body, post_events
    from wecom_auto.cli._event_maker import event_class, make_event

    plain, requests = b"", None
    if check:
        requests = iter([check_receiver(to, _given(token, aes_key, receive_id))])
    elif body is not None:
        plain = body.read_bytes()
        json_body = trimmed(plain)[:1] == b"{"
        given = _given(token, aes_key, receive_id, robot=json_body)
        requests = (
            one
            for _ in range(repeat)
            for one in post_body(
                plain, to, given, name=body.name, json=json_body, duplicate=duplicate, agent_id=agent_id
            )
        )
    else:
        cls = event_class(event)
        # A second apart in their own time, so that they are different events.
        now = datetime.now(UTC)
        times = (now - timedelta(seconds=repeat - 1 - number) for number in range(repeat))
        made = [make_event(cls, fields or (), full=full, to_user=receive_id or "", now=at) for at in times]
        given = _given(token, aes_key, receive_id, robot=is_json(made[0]))
        plain = plain_body(made[0])
        requests = post_events(made, to, given, duplicate=duplicate, agent_id=agent_id)
    if show and plain and not as_json:
        typer.echo(plain.decode("utf-8", "replace"))
    _finish(_told(requests, quiet=as_json), as_json=as_json)


def _finish(sent: list[Sent], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps([_document(one) for one in sent], ensure_ascii=False, indent=2))
    elif len(sent) > 1:
        typer.echo(_summary(sent))
    if not all(one.good for one in sent):
        raise typer.Exit(1)


def _told(requests: Iterable[Sent], *, quiet: bool) -> list[Sent]:
    """Send one after the other, and print each as soon as it is known."""
    from rich.text import Text

    console = _console()
    sent: list[Sent] = []
    for one in requests:
        sent.append(one)
        if not quiet:
            status = str(one.reply.status or "no answer")
            line = f" {one.what}{' again' * one.again}  {one.reply.seconds * 1e3:.0f} ms  {one.verdict}"
            console.print(Text(status, style="green" if one.good else "red") + Text(line), soft_wrap=True)
    return sent


def _summary(sent: list[Sent]) -> str:
    seconds = [one.reply.seconds for one in sent]
    good = sum(one.good for one in sent)
    return (
        f"{len(sent)} sent, {good} taken; median {statistics.median(seconds) * 1e3:.0f} ms, "
        f"slowest {max(seconds) * 1e3:.0f} ms of 5,000 ms"
    )


def _document(one: Sent) -> dict[str, Any]:
    return {
        "what": one.what,
        "again": one.again,
        "status": one.reply.status,
        "error": one.reply.error,
        "milliseconds": round(one.reply.seconds * 1e3, 1),
        "good": one.good,
        "verdict": one.verdict,
    }


def _given(token: str, aes_key: str, receive_id: str | None, *, robot: bool = False) -> Secrets:
    """Return the secrets to send with; a robot has no receive id."""
    from wecom_auto.cli._callback_why import Secrets

    if receive_id is None and not robot:
        msg = "--receive-id is missing: the corp id, the suite id, or '' for a robot (or set WECOM_CORP_ID)"
        raise ConfigurationError(msg)
    return _checked(Secrets(token=token, aes_key=aes_key, receive_id="" if robot else receive_id))


def _checked(given: Secrets) -> Secrets:
    for name, variable, value in (
        ("--token", "WECOM_TOKEN", given.token),
        ("--aes-key", "WECOM_AES_KEY", given.aes_key),
    ):
        if not value:
            msg = f"{name} is missing (or set {variable})"
            raise ConfigurationError(msg)
    _ = given.lock  # Refuses a key that is none.
    return given


def _random(length: int) -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(length))


def _console() -> Console:
    from rich.console import Console

    console = Console(file=sys.stdout, highlight=False)
    if not console.is_terminal:
        console.width = _LOG_COLUMNS
    return console


def _bound(app: TryOut, host: str, port: int) -> WSGIServer:
    from wecom_auto.cli._callback_serve import listen

    try:
        return listen(app, host, port)
    except OSError as error:
        msg = f"{host}:{port}: {error.strerror or error}"
        raise ConfigurationError(msg) from None


def _greet(console: Console, url: str, made_up: Secrets | None) -> None:
    if made_up is not None:
        console.print("Paste into the admin console: 应用管理 → the app → 接收消息 → 设置API接收", markup=False)
        console.print(f"  URL             {url}  (the platform needs a public address that leads here)", markup=False)
        console.print(f"  Token           {made_up.token}", markup=False)
        console.print(f"  EncodingAESKey  {made_up.aes_key}", markup=False)
    console.print(f"listening on {url}, Ctrl-C ends", markup=False)
    sys.stdout.flush()


_STYLES: Final = {"event": "bold green", "again": "yellow", "checked": "cyan", "refused": "bold red"}
_WORDS: Final = {
    "event": "",
    "again": "delivered again, recognised and not handled twice",
    "checked": "the URL check passed",
}


def _show_seen(console: Console, seen: Seen, *, raw: bool) -> None:
    from rich.pretty import Pretty
    from rich.text import Text

    name = seen.event.name if seen.event is not None else ""
    words = seen.reason or _WORDS.get(seen.outcome, "")
    head = Text(f"{datetime.now().astimezone():%H:%M:%S} {seen.method} {seen.status} ", style="dim")
    console.print(head + Text(name or words, style=_STYLES[seen.outcome]), soft_wrap=True)
    if seen.event is not None:
        console.print(Pretty(seen.event))
        if raw and seen.event.delivery is not None:
            console.print(Text(seen.event.delivery.body.decode("utf-8", "replace"), style="dim"), soft_wrap=True)
    sys.stdout.flush()


def _list(wanted: str, *, as_json: bool) -> None:
    from wecom_auto.cli._event_maker import event_class, kinds

    if wanted:
        _explain(event_class(wanted), as_json=as_json)
    elif as_json:
        typer.echo(json.dumps([_described(cls) for cls in kinds()], ensure_ascii=False, indent=2))
    else:
        for cls in kinds():
            about = _described(cls)
            fields = " ".join(f"{one['name']}{'*' * one['required']}" for one in about["fields"])
            typer.echo(f"{about['class']}  {about['name']}\n    {about['summary']}\n    {fields or 'no fields'}")
        typer.echo(f"{len(kinds())} events; a field with * is always there, `--list EVENT` says what a field holds")


def _described(cls: type[KnownEvent], *, head: bool = False) -> dict[str, Any]:
    from wecom_auto.callbacks._event import name_of
    from wecom_auto.cli._event_maker import fields_of

    summary = (inspect.getdoc(cls) or "").partition("\n")[0]
    fields = [one._asdict() for one in fields_of(cls, head=head)]
    return {"class": cls.__name__, "name": name_of(cls), "summary": summary, "fields": fields}


def _explain(cls: type[KnownEvent], *, as_json: bool) -> None:
    about = _described(cls, head=True)
    if as_json:
        typer.echo(json.dumps(about, ensure_ascii=False, indent=2))
        return
    typer.echo(f"{about['class']}  {about['name']}\n\n{inspect.getdoc(cls)}\n")
    for one in about["fields"]:
        typer.echo(f"  --set {one['name']}=…  {one['hint']}{'  (always there)' * one['required']}")
