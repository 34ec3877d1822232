"""Find rows the way every chapter does: with the platform's errcode when they are missing or not to be seen.

The text behind the errcode is the fake's own, and says how a test gets what is missing.
"""

from __future__ import annotations

from wecom_auto.testing._registry import Ask
from wecom_auto.testing._state import Group, Media, Member, Person, Relation
from wecom_auto.testing._wire import Refusal

__all__ = [
    "NO_RELATION",
    "customer",
    "group",
    "medium",
    "member",
    "relation",
    "visible",
]

NO_MEMBER, NO_RIGHT, NOT_VISIBLE = 60111, 84074, 60011
NO_CUSTOMER, NO_RELATION, NO_CHAT, NO_MEDIA, WRONG_SCENE = 40096, 84061, 40050, 40007, 41072
MEDIA_SECONDS = 3 * 86_400
SCENES = ("messages (media/upload)", "moments (attachment_type=1)", "product albums (attachment_type=2)")


def visible(ask: Ask, userid: str) -> bool:
    """Whether the app's visible range (可见范围) holds the member."""
    return ask.app.visible is None or userid in ask.app.visible


def member(ask: Ask, userid: str) -> Member:
    """Return an active member with the customer-contact right.

    Raises:
        Refusal: 60111 unknown or resigned, 60011 outside the visible range, 84074 no customer-contact right.
    """
    found = ask.state.members.get(userid)
    if found is None:
        raise Refusal(NO_MEMBER, f"userid {userid}: fake.add_member({userid!r}) adds them")
    if not found.active:
        raise Refusal(NO_MEMBER, f"userid {userid} has left")
    if not visible(ask, userid):
        raise Refusal(NOT_VISIBLE, f"userid {userid}: see visible= of the app's fake.add_app(...)")
    if not found.contact:
        raise Refusal(NO_RIGHT, f"userid {userid}: added with contact=False")
    return found


def customer(ask: Ask, external_userid: str) -> Person:
    """Return a customer.

    Raises:
        Refusal: 40096.
    """
    found = ask.state.people.get(external_userid)
    if found is None:
        raise Refusal(NO_CUSTOMER, f"{external_userid}: fake.add_customer(followed_by=...) or fake.scan(...) gives one")
    return found


def relation(ask: Ask, userid: str, external_userid: str) -> Relation:
    """Return what ties a member to a customer. One that the customer ended still counts (84061's help).

    Raises:
        Refusal: 84061 when there is none, or only a half-added one.
    """
    found = member(ask, userid).relations.get(customer(ask, external_userid).external_userid)
    if found is None:
        raise Refusal(NO_RELATION, f"{userid} and {external_userid}: see followed_by= of fake.add_customer(...)")
    if found.half:
        raise Refusal(NO_RELATION, f"{userid} and {external_userid}: half-added until fake.accept(...)")
    return found


def group(ask: Ask, chat_id: str) -> Group:
    """Return a living customer group whose owner the app sees (92120, 92122).

    Raises:
        Refusal: 40050 there is none, 60011 its owner is outside the visible range.
    """
    found = ask.state.groups.get(chat_id)
    if found is None or found.dismissed:
        raise Refusal(NO_CHAT, f"{chat_id}: fake.create_group(...) opens one")
    if not visible(ask, found.owner):
        raise Refusal(NOT_VISIBLE, f"{chat_id}, owner {found.owner}: see visible= of the app's fake.add_app(...)")
    return found


def medium(ask: Ask, media_id: str, *, scene: int = 0) -> Media:
    """Return a temporary medium that is not older than three days (90253, 95098).

    Args:
        ask: The request.
        media_id: The id.
        scene: What it must have been uploaded for: 0 messages (`media/upload`),
            1 moments, 2 product albums (`media/upload_attachment`).

    Raises:
        Refusal: 40007 unknown or dead, 41072 uploaded for something else.
    """
    found = ask.state.media.get(media_id)
    if found is None or ask.time >= found.created_at + MEDIA_SECONDS:
        raise Refusal(NO_MEDIA, "unknown, or older than 3 days")
    if found.scene != scene:
        raise Refusal(WRONG_SCENE, f"uploaded for {SCENES[found.scene]}, used for {SCENES[scene]}")
    return found
