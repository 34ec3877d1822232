"""The customer-acquisition chapter (获客助手)."""

from __future__ import annotations
