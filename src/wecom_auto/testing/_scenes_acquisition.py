"""What happens around acquisition links (获客链接): people open them, the corp buys uses, the platform bars members.

Unverified: how the platform spreads customers over the members of a link (in turn, here, and first to one they have);
that somebody who has a contact behind the link already costs no use; that a click on a dead link is not counted.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit

from wecom_auto.callbacks.events import (
    CustomerAdded,
    CustomerHalfAdded,
    LinkDeleted,
    LinkFriendRequested,
    LinkOpened,
    LinkUnavailable,
)
from wecom_auto.testing._link_rules import add_uses, balance, joined, open_members
from wecom_auto.testing._records import FakeCustomer, customer_record
from wecom_auto.testing._scenes import CustomerLike, scene
from wecom_auto.testing._scenes_people import PeopleScenes
from wecom_auto.testing._state import Member, Person
from wecom_auto.testing._state_acquisition import Component, Link, LinkCustomer, Permit

__all__ = ["AcquisitionScenes"]

ACQUISITION_LINK: Final = 16
CHANNEL_BYTES: Final = 64
PROFILE: Final = "weixin://biz/ww/profile/"
CORP_WIDE: Final = 1


class AcquisitionScenes(PeopleScenes):
    """Acquisition links, and the uses that they cost."""

    @scene
    def open_link(
        self,
        link: str,
        *,
        customer_channel: str | None = None,
        customer: CustomerLike | None = None,
        name: str = "",
        unionid: str = "",
        half: bool = False,
    ) -> FakeCustomer:
        """Let somebody open an acquisition link and add the member behind it, which costs the corp a use.

        With `skip_verify` false, nothing more happens until the member takes the request: see `accept`.

        Args:
            link: The `link_id`, the `url`, the url with a `customer_channel` in it, or the weixin:// form of either.
            customer_channel: The channel, unless the url has it; what is longer than 64 bytes is cut, as by WeChat.
            customer: Somebody known; a new person unless given.
            name: The nickname of a new person.
            unionid: The unionid of a new person.
            half: The customer has added the member, who has not confirmed yet (免验证添加成员事件).

        Raises:
            LookupError: The link does not work: no such link, no uses left, or nobody behind it can add customers.
            ValueError: Two channels.
        """
        row, channel = self._working(link, customer_channel)
        person = self._new_person(name, unionid) if customer is None else self._person(customer)
        member = self._click(row, channel, person)
        relation = person.followers.get(member.userid)
        if relation is None or relation.unfriended or relation.half:
            self._add(row, channel, person, member, half=half)
        return customer_record(self._core.state, person)

    @scene
    def click_link(
        self, link: str, *, customer_channel: str | None = None, customer: CustomerLike | None = None, name: str = ""
    ) -> FakeCustomer:
        """Let somebody open an acquisition link, look, and add nobody.

        Args:
            link: As for `open_link`.
            customer_channel: As for `open_link`.
            customer: Somebody known; a new person unless given.
            name: The nickname of a new person.

        Returns:
            Who it was; pass it to `open_link` to let them come back.

        Raises:
            LookupError: As for `open_link`.
            ValueError: Two channels.
        """
        row, channel = self._working(link, customer_channel)
        person = self._new_person(name) if customer is None else self._person(customer)
        self._click(row, channel, person)
        return customer_record(self._core.state, person)

    @scene
    def buy_link_uses(self, uses: int, *, days: float = 365) -> None:
        """Let the corp buy uses of acquisition links; a new corp has none.

        Args:
            uses: How many.
            days: After how many days those that are left end.

        Raises:
            ValueError: Nothing is bought, or it would have ended already.
        """
        if uses < 1 or days <= 0:
            msg = f"{uses} uses for {days} days: both must be positive"
            raise ValueError(msg)
        add_uses(self._core.state, uses, self._core.clock.time(), days, self._core.outbox.emit)

    @scene
    def delete_link(self, link: str) -> None:
        """Let somebody delete a link in the console (delete_link), not through the API.

        Raises:
            LookupError: No such link.
        """
        row, _ = self._link(link, None)
        del self._core.state.acquisition.links[row.link_id]
        self._emit(LinkDeleted, link_id=row.link_id)

    @scene
    def bar_from_adding(self, userid: str) -> None:
        """Let the platform bar a member from adding customers; links with nobody else behind them stop working.

        Raises:
            LookupError: No such active member.
        """
        self._member(userid).can_add = False
        for link in self._core.state.acquisition.links.values():
            if not link.unavailable and not open_members(self._core.state, link):
                link.unavailable = True
                self._emit(LinkUnavailable, link_id=link.link_id)

    @scene
    def allow_adding(self, userid: str) -> None:
        """Let a barred member add customers again.

        Raises:
            LookupError: No such active member.
        """
        self._member(userid).can_add = True
        for link in self._core.state.acquisition.links.values():
            link.unavailable = link.unavailable and not open_members(self._core.state, link)

    @scene
    def permit_links(
        self,
        *,
        agent_id: int | None = None,
        userids: Collection[str] = (),
        department_ids: Collection[int] = (),
        tag_ids: Collection[int] = (),
    ) -> None:
        """Make an app a 营销获客 app, and say in the console whom it may connect customers to.

        Args:
            agent_id: The app; the first one unless given.
            userids: Members.
            department_ids: Departments.
            tag_ids: Tags of the address book; nobody is looked up by them here.
        """
        permit = Permit(userids=list(userids), department_ids=list(department_ids), tag_ids=list(tag_ids))
        self._core.state.acquisition.permits[self._agent(agent_id)] = permit

    @scene
    def authorize_component(
        self,
        *,
        agent_id: int | None = None,
        pay_mode: int = 0,
        price_fen: int = 0,
        link_auth_mode: int = 0,
        agent_ids: Collection[int] = (),
    ) -> None:
        """Let the corp authorise a provider's acquisition component; the fake stands for it with one of its apps.

        Args:
            agent_id: The app that plays the component; the first one unless given.
            pay_mode: 0 uses of the corp, 1 of the provider.
            price_fen: What a use costs in fen, for `pay_mode` 1.
            link_auth_mode: 0 links that the corp chose, 1 those made by linked apps.
            agent_ids: The linked apps, for `link_auth_mode` 1.
        """
        component = Component(
            pay_mode=pay_mode, price_fen=price_fen, link_auth_mode=link_auth_mode, agent_ids=list(agent_ids)
        )
        self._core.state.acquisition.components[self._agent(agent_id)] = component

    def _agent(self, agent_id: int | None) -> int:
        apps = [one.agent_id for one in self._core.state.apps]
        if agent_id is not None and agent_id not in apps:
            msg = f"{agent_id}: no such app; add_app(...) first"
            raise LookupError(msg)
        return apps[0] if agent_id is None else agent_id

    def _link(self, link: str, channel: str | None) -> tuple[Link, str]:
        """Find a link by whatever names it, and the channel that the name or the test brings."""
        address = unquote(link.removeprefix(PROFILE)) if link.startswith(PROFILE) else link
        parts = urlsplit(address)
        in_url = parse_qs(parts.query, keep_blank_values=True).get("customer_channel", [])
        if in_url and channel is not None:
            msg = "the url has a customer_channel already"
            raise ValueError(msg)
        bare = parts._replace(query="", fragment="").geturl()
        for row in self._core.state.acquisition.links.values():
            if bare in (row.link_id, row.url):
                return row, _cut(in_url[0] if in_url else channel or "")
        msg = f"{link!r} is neither link_id nor url of an acquisition link, or it was deleted"
        raise LookupError(msg)

    def _working(self, link: str, channel: str | None) -> tuple[Link, str]:
        row, channel = self._link(link, channel)
        if not balance(self._core.state.acquisition):
            msg = "the corp has no uses left, so no link works; buy_link_uses(...) first"
            raise LookupError(msg)
        if not open_members(self._core.state, row):
            msg = f"nobody behind {row.link_id} can add customers"
            raise LookupError(msg)
        return row, channel

    def _click(self, link: Link, channel: str, person: Person) -> Member:
        """Show somebody the member behind a link."""
        member = self._member_for(link, person)
        link.clicks.append((self._core.clock.time(), person.external_userid))
        if channel and self._core.settings.link_open_events:
            self._emit(LinkOpened, link_id=link.link_id, state=channel)
        return member

    def _member_for(self, link: Link, person: Person) -> Member:
        members = open_members(self._core.state, link)
        known = self._contacts(link, person) or [one for one in members if one.userid in person.followers]
        if known:
            return known[0]
        link.turn += 1
        return members[(link.turn - 1) % len(members)]

    def _contacts(self, link: Link, person: Person) -> list[Member]:
        """Return the contacts that somebody has already, as far as the link prefers them."""
        option = link.fields.get("priority_option")
        if not option:
            return []
        preferred = person.followers if option["priority_type"] == CORP_WIDE else option["priority_userid_list"]
        known = [person.followers[one] for one in preferred if one in person.followers]
        friends = [self._core.state.members[one.userid] for one in known if not (one.half or one.unfriended)]
        return [one for one in friends if one.active]

    def _add(self, link: Link, channel: str, person: Person, member: Member, *, half: bool) -> None:
        asks = link.fields.get("skip_verify") is False
        relation = self._tie(person, member, channel, half=half or asks)
        relation.add_way = ACQUISITION_LINK
        came = LinkCustomer(
            seq=self._core.state.ids.number("link_customer"),
            link_id=link.link_id,
            agent_id=link.agent_id,
            userid=member.userid,
            external_userid=person.external_userid,
            state=channel,
            added_at=self._core.clock.time(),
            pending=True,
        )
        link.customers.append(came)
        self._core.state.acquisition.came[relation.seq] = came
        if channel:
            self._emit(LinkFriendRequested, link_id=link.link_id, state=channel)
        if not relation.half:
            joined(self._core.state, relation, came.added_at, self._core.outbox.emit)
        if half or not asks:
            self._greet(CustomerHalfAdded if half else CustomerAdded, member, relation)


def _cut(channel: str) -> str:
    return channel.encode()[:CHANNEL_BYTES].decode(errors="ignore")
