"""The trade of car makers and dealers on WeCom: stages, grades, tags, channels, codes, leads.

Each area is a package of its own with its own names; this one re-exports none of them, so that nobody pays for
what he does not use.
Numbers of the trade are data in TOML presets that can be overridden, each with its source; no rule is a constant here.
It refuses to hide what the platform cannot do: what a person must tap or say stays a task.

Needs the extra: ``pip install "wecom-auto[automotive]"``.
"""

from __future__ import annotations

__all__: list[str] = []
