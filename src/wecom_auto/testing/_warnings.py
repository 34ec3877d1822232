"""The fake's own warnings. They mark what the real platform would only punish later, or in silence."""

from __future__ import annotations

__all__ = ["FakeWarning", "UnknownFieldWarning", "UnknownPathWarning"]


class FakeWarning(UserWarning):
    """Base of everything that the fake warns about."""


class UnknownPathWarning(FakeWarning):
    """A request named a path that the fake does not serve; it was answered 404."""


class UnknownFieldWarning(FakeWarning):
    """A request carried a field that the manual does not list; the platform ignores it in silence."""
