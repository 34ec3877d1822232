"""The group-welcome chapter (入群欢迎语素材管理, manual 92366): the corp's library, and the greeting itself.

A file is copied when a template is made, so it may die afterwards. Of several kinds the first counts: picture, link,
mini program, file, video. `text.content` is limited by the page (3,000 bytes), not by what other sources say.

Unverified: 40037 for an unknown template; that `edit` replaces a template whole; that a template which is deleted
greets nobody any more; that every active member with the customer-contact right is told of a new one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wecom_auto.testing import _lookups as look
from wecom_auto.testing._content import IMAGE, MINIPROGRAM, checked_part
from wecom_auto.testing._registry import Ask, endpoint
from wecom_auto.testing._spec import any_of, integer, nested, text
from wecom_auto.testing._state import Group, Person, State
from wecom_auto.testing._state_group_welcomes import Greeting, WelcomeTemplate
from wecom_auto.testing._wire import Body, Refusal

__all__ = ["greet"]

MISSING, NO_CONTENT, TOO_LARGE = 40063, 44004, 45002
NO_TEMPLATE, FULL, NOT_OWN = 40037, 41055, 41058
KINDS = ("image", "link", "miniprogram", "file", "video")
LINK = nested(
    "link",
    text("title", required=MISSING, octets=128),
    text("desc", octets=512),
    text("url", required=MISSING),
    text("picurl"),
)
TEMPLATE = (
    any_of("text", *KINDS),
    nested("text", text("content", octets=3000, bad=TOO_LARGE)),
    IMAGE,
    LINK,
    MINIPROGRAM,
    nested("file", text("media_id", required=MISSING)),
    nested("video", text("media_id", required=MISSING)),
)
TEMPLATE_ID = text("template_id", required=MISSING)


@endpoint(
    "POST", "externalcontact/group_welcome_template/add", *TEMPLATE, integer("notify", enum=(0, 1)), also=("agentid",)
)
def add(ask: Ask) -> Mapping[str, object]:
    """Put a template into the library and tell the members, unless they shall not be told."""
    library = ask.state.group_welcomes.templates
    content = _content(ask)
    if len(library) >= ask.limits.group_welcomes:
        raise Refusal(FULL, f"at most {ask.limits.group_welcomes} templates")
    made = WelcomeTemplate(
        template_id=ask.state.ids.letters("msg", "group_welcome", 30), agent_id=ask.app.agent_id, content=content
    )
    if ask.body.get("notify", 1):
        members = ask.state.members.values()
        made.notified = [one.userid for one in members if one.active and one.contact and look.visible(ask, one.userid)]
    library[made.template_id] = made
    return {"template_id": made.template_id}


@endpoint("POST", "externalcontact/group_welcome_template/edit", TEMPLATE_ID, *TEMPLATE, also=("agentid",))
def edit(ask: Ask) -> None:
    """Replace a template of one's own; nobody is told."""
    _own(ask).content = _content(ask)


@endpoint("POST", "externalcontact/group_welcome_template/get", TEMPLATE_ID)
def get(ask: Ask) -> Mapping[str, object]:
    """Answer a template, whoever made it; a picture as its address."""
    return dict(_template(ask).content)


@endpoint("POST", "externalcontact/group_welcome_template/del", TEMPLATE_ID, also=("agentid",))
def delete(ask: Ask) -> None:
    """Delete a template of one's own; groups that used it greet nobody any more."""
    gone = _own(ask).template_id
    welcomes = ask.state.group_welcomes
    del welcomes.templates[gone]
    welcomes.used = {chat_id: used for chat_id, used in welcomes.used.items() if used != gone}


def greet(state: State, group: Group, person: Person, now: float) -> None:
    """Greet a customer who has just joined, if the group has a template."""
    welcomes = state.group_welcomes
    template = welcomes.templates.get(welcomes.used.get(group.chat_id, ""))
    if template is None:
        return
    content = dict(template.content)
    if "text" in content:
        content["text"] = {"content": content["text"]["content"].replace("%NICKNAME%", person.name)}
    greeting = Greeting(
        chat_id=group.chat_id,
        external_userid=person.external_userid,
        template_id=template.template_id,
        content=content,
        at=now,
    )
    welcomes.greetings.append(greeting)


def _template(ask: Ask) -> WelcomeTemplate:
    found = ask.state.group_welcomes.templates.get(ask.body["template_id"])
    if found is None:
        raise Refusal(NO_TEMPLATE, "unknown or deleted")
    return found


def _own(ask: Ask) -> WelcomeTemplate:
    found = _template(ask)
    if found.agent_id != ask.app.agent_id:
        raise Refusal(NOT_OWN, "made by another app")
    return found


def _content(ask: Ask) -> Body:
    """Return a template as it will be shown: the text, and the first kind that is there."""
    words: Body = ask.body.get("text") or {}
    kind = next((one for one in KINDS if ask.body.get(one)), "")
    if not words.get("content") and not kind:
        raise Refusal(NO_CONTENT, "text.content")
    content: dict[str, Any] = {"text": {"content": words["content"]}} if words.get("content") else {}
    return content | ({kind: _part(ask, kind, ask.body[kind])} if kind else {})


def _part(ask: Ask, kind: str, part: Body) -> Body:
    """Return an attachment as `get` shows it: a picture always as an address."""
    kept = checked_part(ask, kind, part)
    if kind == "image" and "media_id" in kept:
        return {"pic_url": f"https://wework.qpic.cn/wwpic/{ask.state.ids.hexa('welcome_picture')}/0"}
    return kept
