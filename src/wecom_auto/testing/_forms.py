"""The ids of one person as others see them: openid, opengid, and the ids of providers' apps. Derived, never stored.

All chapters but the conversions answer the corp's own ids to every app. A provider's app has others in production.
"""

from __future__ import annotations

import base64

from wecom_auto.testing._ids import Ids
from wecom_auto.testing._state import App

__all__ = ["app_form", "opengid", "openid"]

LENGTH = 32
OLD, NEW = "before", "after"


def openid(ids: Ids, external_userid: str) -> str:
    """Return the one openid that the fake knows of a customer, for payment and for mini programs."""
    return _letters(ids, "o", 28, "openid", external_userid)


def opengid(ids: Ids, chat_id: str) -> str:
    """Return how mini programs see a customer group."""
    return _letters(ids, "t", 28, "opengid", chat_id)


def app_form(ids: Ids, app: App, external_userid: str, *, before_upgrade: bool = False) -> str:
    """Return a customer's id as an app sees it: the corp's own for a self-built one, else one of the provider's.

    A delegated app and a third-party app of one provider see different ids; before the upgrade they had others again.
    """
    if app.kind == "self-built":
        return external_userid
    when = OLD if before_upgrade else NEW
    return _letters(ids, external_userid[:2], LENGTH, "form", when, app.kind, app.provider, external_userid)


def _letters(ids: Ids, prefix: str, length: int, *parts: object) -> str:
    return (prefix + base64.urlsafe_b64encode(ids.digest(*parts)).decode())[:length]
