"""The calls that make, change and delete a code of each kind. Stores nothing and decides nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from wecom_auto.automotive.fleet._codes import Code, CodeKind
from wecom_auto.models import AcquisitionRange, ContactWayType, channel_url

if TYPE_CHECKING:
    from wecom_auto._client import WeCom


@frozen(kw_only=True)
class Made:
    """What the platform answered.

    Attributes:
        config_id: The id.
        url: Of the picture or the link; empty where it has to be asked for.
    """

    config_id: str
    url: str = ""


def create(client: WeCom, code: Code, users: tuple[str, ...], state: str) -> Made:
    """Make a code. A lost answer is not repeated."""
    if code.kind is CodeKind.GROUP:
        answer = client.join_ways.create(
            chat_ids=code.chat_ids,
            remark=code.remark,
            auto_create_room=code.auto_create_room,
            room_base_name=code.room_base_name,
            room_base_id=code.room_base_id,
            state=state,
        )
        return Made(config_id=answer.config_id)
    if code.kind is CodeKind.LINK:
        link = client.acquisition_links.create(
            code.name, userids=users, department_ids=code.parties, skip_verify=code.skip_verify
        )
        return Made(config_id=link.link_id, url=link.url)
    way = client.contact_ways.create(
        # Always for several: the type cannot change, and tomorrow's shift may have two members.
        type=ContactWayType.MULTIPLE,
        users=users,
        parties=code.parties,
        remark=code.remark,
        skip_verify=code.skip_verify,
        state=state,
    )
    return Made(config_id=way.config_id, url=way.qr_code)


def update(client: WeCom, code: Code, config_id: str, users: tuple[str, ...], state: str) -> None:
    """Change a code; doing it twice is doing it once."""
    if code.kind is CodeKind.GROUP:
        client.join_ways.update(
            config_id,
            chat_ids=code.chat_ids,
            remark=code.remark,
            auto_create_room=code.auto_create_room,
            room_base_name=code.room_base_name,
            room_base_id=code.room_base_id,
            state=state,
        )
    elif code.kind is CodeKind.LINK:
        people = AcquisitionRange(userids=users, department_ids=code.parties)
        client.acquisition_links.update(config_id, name=code.name, range=people, skip_verify=code.skip_verify)
    else:
        client.contact_ways.update(
            config_id,
            users=users,
            parties=code.parties,
            remark=code.remark,
            skip_verify=code.skip_verify,
            state=state,
        )


def delete(client: WeCom, kind: CodeKind, config_id: str) -> None:
    """Delete a code; what was printed or sent stops working."""
    if kind is CodeKind.GROUP:
        client.join_ways.delete(config_id)
    elif kind is CodeKind.LINK:
        client.acquisition_links.delete(config_id)
    else:
        client.contact_ways.delete(config_id)


def url_of(client: WeCom, kind: CodeKind, made: Made, state: str) -> str:
    """Return the address to print: of the picture, or of the link with its channel."""
    if kind is CodeKind.GROUP:
        return client.join_ways.get(made.config_id).qr_code
    if kind is CodeKind.LINK and state:
        return channel_url(made.url, state)
    return made.url
