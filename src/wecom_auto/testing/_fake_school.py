"""The home-and-school chapter (家校沟通)."""

from __future__ import annotations
