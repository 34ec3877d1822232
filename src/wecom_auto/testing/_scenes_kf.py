"""Customer service (微信客服): customers enter and write, servicers answer, take and end. No call does it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final
from urllib.parse import parse_qs, urlsplit

from wecom_auto.callbacks.events import CustomerAdded
from wecom_auto.testing._kf_rules import (
    CLOSED,
    CUSTOMER,
    DAYS_2,
    END_CODE,
    NEW,
    POOL,
    SERVED,
    SERVICER,
    SYSTEM,
    code,
    row,
)
from wecom_auto.testing._records import FakeCustomer, FakeMessage, customer_record, moment
from wecom_auto.testing._scenes import CustomerLike, scene
from wecom_auto.testing._scenes_people import PeopleScenes
from wecom_auto.testing._state_kf import KfAccountRow, KfTalk
from wecom_auto.testing._wire import Body

__all__ = ["KfScenes"]

WELCOME: Final = 20
TAKEN, ENDED = 1, 3
HOME: Final = 1


class KfScenes(PeopleScenes):
    """What customers and servicers do in customer service."""

    @scene
    def kf_enter(
        self,
        link: str,
        *,
        customer: CustomerLike | None = None,
        name: str = "",
        unionid: str = "",
        channels: str = "",
    ) -> FakeCustomer:
        """Let somebody open a conversation by a link (用户进入会话); they have written nothing yet.

        Args:
            link: Of `kf_accounts.create_link`, with or without ``scene_param``; or an open_kfid.
            customer: Somebody known; a new person unless given.
            name: The nickname of a new person.
            unionid: The unionid of a new person.
            channels: Name of the channels account (视频号) they came from.

        Raises:
            LookupError: No such link.
        """
        account, scene_of, param = self._kf_link(link)
        person = self._new_person(name, unionid) if customer is None else self._person(customer)
        who, now = person.external_userid, self._time()
        talk = account.talks.setdefault(who, KfTalk(state=CLOSED))
        source = {"wechat_channels": {"nickname": channels, "scene": HOME}} if channels else {}
        came: Body = {"scene": scene_of, "scene_param": param, **source}
        talk.entry = {**came, "at": now}
        event: Body = {"event_type": "enter_session", "open_kfid": account.open_kfid, "external_userid": who, **came}
        if now >= max(talk.wrote_at, talk.welcomed_at) + DAYS_2:
            event["welcome_code"] = code(self._core.state, account, who, talk, until=now + WELCOME)
        self._kf_event(account, event)
        return customer_record(self._core.state, person)

    @scene
    def kf_write(self, open_kfid: str, customer: CustomerLike, text: str, *, menu_id: str = "") -> str:
        """Let a customer write; a conversation that was over begins again.

        Args:
            open_kfid: The account.
            customer: Who.
            text: What.
            menu_id: The entry of a menu that they tapped.

        Returns:
            The msgid.
        """
        account, who = self._kf_account(open_kfid), self._person(customer).external_userid
        talk = account.talks.setdefault(who, KfTalk(state=CLOSED))
        if talk.state == CLOSED:
            talk.state, talk.moved = NEW, False
        talk.wrote_at, talk.replies = self._time(), 0
        chosen = {"menu_id": menu_id} if menu_id else {}
        return self._kf_says(account, who, CUSTOMER, {"content": text, **chosen})

    @scene
    def kf_answer(self, open_kfid: str, customer: CustomerLike, text: str) -> str:
        """Let the servicer who has the conversation answer in the client.

        Raises:
            LookupError: Nobody has it.
        """
        account, talk, who = self._kf_talk(open_kfid, customer, SERVED)
        return self._kf_says(account, who, SERVICER, {"content": text}, servicer_userid=talk.servicer)

    @scene
    def kf_take(self, open_kfid: str, customer: CustomerLike, userid: str) -> None:
        """Let a servicer take a conversation out of the pool (从接待池接入会话).

        Raises:
            LookupError: It is not in the pool, or they are no servicer of the account.
        """
        account, talk, who = self._kf_talk(open_kfid, customer, POOL)
        if userid not in account.servicers:
            msg = f"{userid}: no servicer of {open_kfid}; kf/servicer/add adds them"
            raise LookupError(msg)
        talk.state, talk.servicer = SERVED, userid
        paid = code(self._core.state, account, who, talk, until=self._time() + DAYS_2)
        self._kf_changed(account, who, TAKEN, new_servicer_userid=userid, msg_code=paid)

    @scene
    def kf_end(self, open_kfid: str, customer: CustomerLike) -> None:
        """Let the servicer who has the conversation end it (结束会话).

        Raises:
            LookupError: Nobody has it.
        """
        account, talk, who = self._kf_talk(open_kfid, customer, SERVED)
        before, talk.state, talk.servicer = talk.servicer, CLOSED, ""
        paid = code(self._core.state, account, who, talk, until=self._time() + END_CODE)
        self._kf_changed(account, who, ENDED, old_servicer_userid=before, msg_code=paid)

    @scene
    def kf_serve(self, open_kfid: str, userid: str, *, serving: bool) -> None:
        """Let a servicer begin or stop to take conversations (接待状态变更).

        Raises:
            LookupError: They are no servicer of the account.
        """
        account = self._kf_account(open_kfid)
        if userid not in account.servicers:
            msg = f"{userid}: no servicer of {open_kfid}; kf/servicer/add adds them"
            raise LookupError(msg)
        account.servicers[userid] = serving
        stop = {} if serving else {"stop_type": 0}
        about: Body = {"event_type": "servicer_status_change", "servicer_userid": userid, "open_kfid": open_kfid}
        self._kf_event(account, {**about, "status": 1 if serving else 2, **stop})

    @scene
    def kf_allow_upgrades(
        self, *, userids: Collection[str] = (), department_ids: Collection[int] = (), chat_ids: Collection[str] = ()
    ) -> None:
        """Say in the console whom customers may be recommended to (升级服务)."""
        kf = self._core.state.kf
        kf.upgrade_userids, kf.upgrade_departments, kf.upgrade_chat_ids = [*userids], [*department_ids], [*chat_ids]

    @scene
    def kf_follow_recommendation(self, open_kfid: str, customer: CustomerLike) -> FakeCustomer:
        """Let a customer add the member who was recommended to them.

        Unverified: that the add names neither way nor state.

        Raises:
            LookupError: No member is recommended.
        """
        account, person = self._kf_account(open_kfid), self._person(customer)
        talk = account.talks.get(person.external_userid)
        if talk is None or talk.recommended not in self._core.state.members:
            msg = f"{person.external_userid}: no member is recommended; kf/customer/upgrade_service does so"
            raise LookupError(msg)
        member = self._member(talk.recommended)
        talk.recommended = ""
        self._greet(CustomerAdded, member, self._tie(person, member, "", half=False))
        return customer_record(self._core.state, person)

    @scene
    def kf_sent(self, customer: CustomerLike) -> tuple[FakeMessage, ...]:
        """Return what programs have sent to a customer of customer service, the first one first."""
        replies = self._core.state.kf.sent.get(self._person(customer).external_userid, [])
        return tuple(
            FakeMessage(msgid=one.msgid, msgtype=one.msgtype, body=one.body, at=moment(one.at)) for one in replies
        )

    def _kf_account(self, open_kfid: str) -> KfAccountRow:
        account = self._core.state.kf.accounts.get(open_kfid)
        if account is None:
            msg = f"{open_kfid}: no such account; kf/account/add makes one"
            raise LookupError(msg)
        return account

    def _kf_link(self, link: str) -> tuple[KfAccountRow, str, str]:
        """Return the account of a link, its scene and its ``scene_param``."""
        if link in self._core.state.kf.accounts:
            return self._core.state.kf.accounts[link], "", ""
        param = parse_qs(urlsplit(link).query).get("scene_param", [""])[0]
        url = link.partition("&scene_param=")[0]
        for account in self._core.state.kf.accounts.values():
            if url in account.links:
                return account, account.links[url], param
        msg = f"{link}: no link of an account; kf/add_contact_way answers one"
        raise LookupError(msg)

    def _kf_talk(self, open_kfid: str, customer: CustomerLike, state: int) -> tuple[KfAccountRow, KfTalk, str]:
        account, who = self._kf_account(open_kfid), self._person(customer).external_userid
        talk = account.talks.get(who)
        if talk is None or talk.state != state:
            msg = f"{who}: the conversation is not in state {state}; kf/service_state/trans moves it"
            raise LookupError(msg)
        return account, talk, who

    def _kf_says(self, account: KfAccountRow, who: str, origin: int, said: Body, **more: str) -> str:
        head: Body = {"open_kfid": account.open_kfid, "external_userid": who, **more}
        part: Body = {**head, "msgtype": "text", "text": said}
        return row(self._core.state, account, self._time(), origin, part, self._core.outbox.emit)

    def _kf_event(self, account: KfAccountRow, event: Body) -> None:
        part: Body = {"msgtype": "event", "event": event}
        row(self._core.state, account, self._time(), SYSTEM, part, self._core.outbox.emit)

    def _kf_changed(self, account: KfAccountRow, who: str, change: int, **more: str) -> None:
        about: Body = {"event_type": "session_status_change", "open_kfid": account.open_kfid}
        self._kf_event(account, {**about, "external_userid": who, "change_type": change, **more})
