"""Group welcome templates (入群欢迎语素材): what greets who joins a group."""

from __future__ import annotations

from wecom_auto._binding import C, Endpoints

__all__ = ["GroupWelcomeEndpoints"]


class GroupWelcomeEndpoints(Endpoints[C]):
    """Group welcome templates (入群欢迎语素材): what greets who joins a group."""

    __slots__ = ()
