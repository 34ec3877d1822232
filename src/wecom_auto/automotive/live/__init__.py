"""Live streams in groups (群直播): who watched becomes an event, a tag and work. It holds no stream.

Streams inside WeCom (企业微信直播) only: who watches a video channel (视频号) the platform does not tell.
"""

from __future__ import annotations

from wecom_auto._model import publish
from wecom_auto.automotive.live._live import (
    COMMENTED,
    SPOKE,
    WATCHED,
    LiveReport,
    LiveVisit,
    live_viewers,
    record_live,
)

__all__ = ["COMMENTED", "SPOKE", "WATCHED", "LiveReport", "LiveVisit", "live_viewers", "record_live"]

publish(globals(), __all__, __name__)
