"""The SOPs of the trade that ship with the package: definitions and messages, as TOML. Publishes and sends nothing.

Each file says where its numbers come from and what it cannot express.
They are proposals: copy a file and change it, or take it as it is.
They name the stages, tags and roles of the presets for the lifecycle, the tag plan and the network.

Needs the extra: ``pip install "wecom-auto[automotive]"``.
"""

from __future__ import annotations

from importlib.resources import as_file, files
from typing import Final

from attrs import evolve, frozen

from wecom_auto.automotive._presets import preset_names, preset_text
from wecom_auto.errors import ConfigurationError
from wecom_auto.sop import Contents, Definition
from wecom_auto.sop._document._policies import Purpose
from wecom_auto.sop._document._problems import suggestion

__all__ = ["SopPreset", "sop_contents", "sop_names", "sop_preset", "sops"]

_KIND: Final = "sop"
_CONTENTS: Final = "contents"


@frozen(kw_only=True)
class SopPreset:
    """A SOP that ships with the package.

    Attributes:
        name: The name of its file, and of the SOP.
        definition: Ready to be published.
        contents: The messages that it names, and no others.
    """

    name: str
    definition: Definition
    contents: Contents


def sop_names() -> tuple[str, ...]:
    """List the presets by name."""
    return tuple(name for name in preset_names(_KIND) if name != _CONTENTS)


def sop_contents() -> Contents:
    """Return the messages of all presets: neutral words without prices, names or links, to be replaced by your own."""
    with as_file(files("wecom_auto.automotive") / "presets" / _KIND / f"{_CONTENTS}.toml") as path:
        return Contents.from_toml(path)


def sop_preset(name: str, *, consent: str = "") -> SopPreset:
    """Return one preset.

    Args:
        name: Such as `prospect_nurture`; see `sop_names`.
        consent: Asks for the consent of this name (the attribute `consent.NAME`) before any marketing; empty asks for
            none. A preset whose purpose is service stays as it is.

    Raises:
        ConfigurationError: There is none of that name.
    """
    known = sop_names()
    if name not in known:
        msg = f"no SOP preset {name!r}; {suggestion(name, known)}"
        raise ConfigurationError(msg)
    definition = Definition.from_toml(preset_text(_KIND, name))
    if consent and definition.policy.purpose is Purpose.MARKETING:
        definition = evolve(definition, policy=evolve(definition.policy, consent=consent))
    named = {content for step in definition.steps for content in step.contents}
    items = {key: content for key, content in sop_contents().items.items() if key in named}
    return SopPreset(name=name, definition=definition, contents=Contents(items))


def sops(*, consent: str = "") -> tuple[SopPreset, ...]:
    """Return every preset, by name.

    Args:
        consent: See `sop_preset`.
    """
    return tuple(sop_preset(name, consent=consent) for name in sop_names())
