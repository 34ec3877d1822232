"""The intercept-rule chapter (敏感词)."""

from __future__ import annotations
