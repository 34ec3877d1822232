"""The content library (内容库): six categories, validity, approval, lint, and short links that tell what was clicked.

It stands on the SOP's own contents, which bring variables, limits of the platform and media that are renewed.
It refuses to give out what is not approved as it stands, early or expired, and to lead a customer to a foreign host.
"""

from __future__ import annotations

from wecom_auto._model import publish
from wecom_auto.automotive.content._approval import Approval, ApprovalError, ApprovalRules, Approvals, Decision
from wecom_auto.automotive.content._door import asgi_door, wsgi_door
from wecom_auto.automotive.content._library import Category, ContentLibrary, LibraryItem
from wecom_auto.automotive.content._links import ContentClicks, ShortLink, ShortLinks, TargetClicks
from wecom_auto.automotive.content._lint import lint
from wecom_auto.automotive.content._scripts import SegmentScripts, usual_segments
from wecom_auto.automotive.content._source import ApprovedContents, ContentRefusedError, Refusal

__all__ = [
    "Approval",
    "ApprovalError",
    "ApprovalRules",
    "Approvals",
    "ApprovedContents",
    "Category",
    "ContentClicks",
    "ContentLibrary",
    "ContentRefusedError",
    "Decision",
    "LibraryItem",
    "Refusal",
    "SegmentScripts",
    "ShortLink",
    "ShortLinks",
    "TargetClicks",
    "asgi_door",
    "lint",
    "usual_segments",
    "wsgi_door",
]

publish(globals(), __all__, __name__)
