"""Find the presets that ship with the package. Reads files of the package only, and knows nothing of their meaning."""

from __future__ import annotations

from importlib.resources import files

from wecom_auto.errors import ConfigurationError
from wecom_auto.sop._document._problems import suggestion


def preset_names(kind: str) -> tuple[str, ...]:
    """List the presets of one kind, by name."""
    folder = files("wecom_auto.automotive") / "presets" / kind
    return tuple(sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml")))


def preset_text(kind: str, name: str) -> str:
    """Return the TOML of a preset.

    Raises:
        ConfigurationError: there is none of that name.
    """
    known = preset_names(kind)
    if name not in known:
        msg = f"no preset {name!r} for {kind}; {suggestion(name, known)}"
        raise ConfigurationError(msg)
    return (files("wecom_auto.automotive") / "presets" / kind / f"{name}.toml").read_text(encoding="utf-8")
