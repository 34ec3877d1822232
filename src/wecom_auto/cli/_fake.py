"""``wecom-auto fake``: serve the platform in a box on loopback. Listens on no other address."""

from __future__ import annotations

from typing import Annotated

import typer


def fake(
    *,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port on 127.0.0.1; 0 takes a free one.")] = 0,
    seed: Annotated[int, typer.Option(help="Identifiers and bad luck depend on it.")] = 0,
    latency: Annotated[float, typer.Option(min=0, help="Seconds that every answer takes.")] = 0.0,
) -> None:
    """Serve a fake corp over HTTP until Ctrl-C; the first line of output is JSON with its URL and secret."""
    from wecom_auto.testing.__main__ import main

    given = ["--port", str(port), "--seed", str(seed), "--latency", str(latency)]
    raise typer.Exit(main(given, prog="wecom-auto fake"))
