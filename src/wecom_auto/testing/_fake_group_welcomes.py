"""The group-welcome chapter (入群欢迎语素材)."""

from __future__ import annotations
