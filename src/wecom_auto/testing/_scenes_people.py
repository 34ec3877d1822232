"""What customers do, and who is there at all: members, apps, scans, chats, farewells. Answers no request."""

from __future__ import annotations

from collections.abc import Collection

from attrs import evolve

from wecom_auto.callbacks.events import CustomerAdded, CustomerDeleted, CustomerHalfAdded, CustomerUnfollowed
from wecom_auto.testing._link_rules import heard, joined
from wecom_auto.testing._records import FakeCustomer, FakeMember, customer_record, member_record
from wecom_auto.testing._scenes import CustomerLike, Scenes, scene
from wecom_auto.testing._state import App, AppKind, ContactWay, Member, Person, Relation, Welcome
from wecom_auto.testing._state_journal import Deed, Talk
from wecom_auto.testing._temp_ways import expired

__all__ = ["PeopleScenes"]

QR_CODE, OWNER_LEFT = 1, 1


class PeopleScenes(Scenes):
    """Members, customers, and what passes between them."""

    @scene
    def add_app(
        self,
        name: str,
        secret: str,
        *,
        agent_id: int,
        customer_contact: bool = True,
        visible: Collection[str] | None = None,
        kind: AppKind = "self-built",
        provider: str = "",
    ) -> None:
        """Create another app.

        Args:
            name: For people.
            secret: Its secret; the token it gives acts for this app only.
            agent_id: Its id.
            customer_contact: Whether it is listed as callable in customer contact (可调用接口的应用); else 48002.
            visible: The userids in its visible range; None is everybody.
            kind: `self-built` (自建), `delegated` (代开发) or `third-party` (第三方); only conversions of ids
                look at it.
                An app of any kind gets its token by `gettoken` here.
            provider: The provider (服务商) of a delegated or third-party app, by any name.
        """
        seen = None if visible is None else frozenset(visible)
        app = App(
            name=name,
            secret=secret,
            agent_id=agent_id,
            customer_contact=customer_contact,
            visible=seen,
            kind=kind,
            provider=provider,
        )
        self._core.state.apps.append(app)

    @scene
    def add_member(
        self,
        userid: str,
        *,
        name: str = "",
        department: int = 1,
        contact: bool = True,
        console_welcome: bool = False,
        verified: bool = True,
        activated: bool = True,
    ) -> FakeMember:
        """Let somebody join the corp; a known userid comes back after having left.

        Args:
            userid: The id.
            name: The name; the id unless given.
            department: The department's id; 1 is the root.
            contact: Whether they have the customer-contact right (客户联系功能).
            console_welcome: Whether the console greets their customers, so that no welcome code comes.
            verified: Whether their real name is verified (实名认证); who is not cannot take customers or groups over.
            activated: Whether they have opened WeCom (已激活); only reading them tells.
        """
        state = self._core.state
        known = state.members.get(userid)
        member = Member(
            seq=state.ids.number("member"),
            userid=userid,
            name=name or userid,
            department=department,
            contact=contact,
            console_welcome=console_welcome,
            verified=verified,
            activated=activated,
        )
        state.members[userid] = (
            member if known is None or not known.active else evolve(member, relations=known.relations)
        )
        for group in state.groups.values():
            if group.owner == userid and group.status == OWNER_LEFT:
                group.status = 0
        return member_record(state.members[userid])

    @scene
    def add_customer(
        self,
        *,
        name: str = "",
        followed_by: str | Collection[str] = (),
        state: str = "",
        unionid: str = "",
        gender: int = 0,
        external_userid: str = "",
    ) -> FakeCustomer:
        """Put a customer into the world, without any callback: the stage, not the play.

        Args:
            name: The nickname; a numbered one unless given.
            followed_by: One member or several; those unknown are added.
            state: The `state` of the code they came by.
            unionid: For a corp with a bound developer account.
            gender: 0 unknown, 1 male, 2 female.
            external_userid: A fixed id instead of a seeded one.
        """
        person = self._new_person(name, unionid, gender, external_userid)
        for userid in (followed_by,) if isinstance(followed_by, str) else followed_by:
            if userid not in self._core.state.members:
                self.add_member(userid)
            self._tie(person, self._member(userid), state, half=False)
        return customer_record(self._core.state, person)

    @scene
    def customer(self, customer: CustomerLike) -> FakeCustomer:
        """Return a customer as they are now.

        Raises:
            LookupError: No such customer.
        """
        return customer_record(self._core.state, self._person(customer))

    @scene
    def customers(self) -> tuple[FakeCustomer, ...]:
        """Return every customer as they are now."""
        return tuple(customer_record(self._core.state, one) for one in self._core.state.people.values())

    @scene
    def member(self, userid: str) -> FakeMember:
        """Return a member as they are now, also one who has left.

        Raises:
            LookupError: No such member.
        """
        if userid not in self._core.state.members:
            msg = f"{userid}: no such member"
            raise LookupError(msg)
        return member_record(self._core.state.members[userid])

    @scene
    def scan(
        self, code: str, *, customer: CustomerLike | None = None, name: str = "", unionid: str = "", half: bool = False
    ) -> FakeCustomer:
        """Let a customer scan a contact way: they become the customer of one of its members.

        With `skip_verify` false, nothing happens until the member takes the request: see `accept`.

        Args:
            code: The `config_id`, the `qr_code` or the `state` of a contact way.
            customer: Somebody known; a new person unless given.
            name: The nickname of a new person.
            unionid: The unionid of a new person.
            half: The customer has added the member, who has not confirmed yet (免验证添加成员事件).

        Raises:
            LookupError: No such code, or none of its members is there any more; a temporary code has expired, or is for
                somebody with another unionid.
        """
        way = self._way(code)
        self._check_temporary(way, customer, unionid)
        person = self._new_person(name, unionid) if customer is None else self._person(customer)
        member = self._next_member(way, person)
        relation = person.followers.get(member.userid)
        if relation is None or relation.unfriended or relation.half:
            asks = way.fields.get("skip_verify") is False
            relation = self._tie(person, member, str(way.fields.get("state", "")), half=half or asks)
            if way.fields.get("is_temp"):
                relation.temp_until = self._core.clock.time() + way.fields.get("chat_expires_in", 86_400)
            if half or not asks:
                self._greet(CustomerHalfAdded if half else CustomerAdded, member, relation)
        return customer_record(self._core.state, person)

    @scene
    def accept(self, userid: str, customer: CustomerLike) -> FakeCustomer:
        """Let a member accept a customer who has been waiting for it."""
        relation = self._relation(userid, customer)
        if not relation.half:
            msg = f"{userid} has accepted this customer already"
            raise ValueError(msg)
        relation.half = False
        self._count_added(relation)
        joined(self._core.state, relation, self._core.clock.time(), self._core.outbox.emit)
        self._greet(CustomerAdded, self._member(userid), relation)
        return self.customer(customer)

    @scene
    def chat(self, customer: CustomerLike, userid: str, *, sent: int = 1, received: int = 1) -> None:
        """Let customer and member chat: they count as last chatted, and no welcome message fits any more.

        For an answer that comes late, let the customer write (`sent=0`), advance the clock, and let the member answer
        (`received=0`).

        Args:
            customer: The customer.
            userid: The member.
            sent: How many messages the member writes.
            received: How many messages the customer has written before that.

        Raises:
            ValueError: Nobody writes anything.
        """
        if min(sent, received) < 0 or not sent + received:
            msg = "chat: at least one message must be sent or received"
            raise ValueError(msg)
        relation = self._relation(userid, customer)
        now, who = self._time(), relation.external_userid
        relation.chatted_at = now
        talk = Talk(at=now, userid=userid, external_userid=who, sent=sent, received=received)
        self._core.state.journal.talks.append(talk)
        if received:
            heard(self._core.state, relation, now, self._core.outbox.emit)

    @scene
    def unfriend(self, customer: CustomerLike, userid: str) -> None:
        """Let the customer delete the member (del_follow_user); the one-way relation stays usable by API."""
        relation = self._relation(userid, customer)
        relation.unfriended = True
        lost = Deed(at=self._time(), userid=userid, external_userid=relation.external_userid)
        self._core.state.journal.lost.append(lost)
        self._emit(CustomerUnfollowed, userid=userid, external_userid=relation.external_userid)

    @scene
    def delete_customer(self, userid: str, customer: CustomerLike) -> None:
        """Let the member delete the customer (del_external_contact); calls about the two answer 84061 from now on."""
        relation = self._relation(userid, customer)
        del self._core.state.people[relation.external_userid].followers[userid]
        del self._member(userid).relations[relation.external_userid]
        self._emit(CustomerDeleted, userid=userid, external_userid=relation.external_userid)

    def _new_person(self, name: str = "", unionid: str = "", gender: int = 0, external_userid: str = "") -> Person:
        state = self._core.state
        number = state.ids.number("person")
        person = Person(
            external_userid=external_userid or state.ids.letters("wm", "external_userid", 32),
            name=name or f"客户{number}",
            gender=gender,
            unionid=unionid,
            avatar=f"https://wx.qlogo.cn/mmhead/{number}/0",
        )
        state.people[person.external_userid] = person
        return person

    def _tie(self, person: Person, member: Member, state: str, *, half: bool) -> Relation:
        fresh = Relation(
            seq=self._core.state.ids.number("relation"),
            userid=member.userid,
            external_userid=person.external_userid,
            created_at=self._now(),
            add_way=QR_CODE if state else 0,
            state=state,
            oper_userid=person.external_userid,
            half=half,
        )
        old = person.followers.get(member.userid)
        # A member's notes and tags outlive the customer's farewell (unverified).
        relation = (
            fresh if old is None else evolve(fresh, remark=old.remark, description=old.description, tags=old.tags)
        )
        # Taken out first: the newest relation must also be the last, for cursors walk in that order.
        member.relations.pop(person.external_userid, None)
        member.relations[person.external_userid] = person.followers[member.userid] = relation
        if not half:
            self._count_added(relation)
        return relation

    def _count_added(self, relation: Relation) -> None:
        deed = Deed(at=self._time(), userid=relation.userid, external_userid=relation.external_userid)
        self._core.state.journal.added.append(deed)

    def _way(self, code: str) -> ContactWay:
        ways = self._core.state.contact_ways
        fitting = [one for one in ways.values() if code in (one.qr_code, one.fields.get("state"))]
        way = ways.get(code) or (fitting[0] if fitting and code else None)
        if way is None:
            msg = f"{code!r} is neither config_id, qr_code nor state of a contact way"
            raise LookupError(msg)
        return way

    def _check_temporary(self, way: ContactWay, customer: CustomerLike | None, unionid: str) -> None:
        """Refuse a temporary code that has come to its end, or is for somebody else (92228)."""
        if expired(way, self._time()):
            msg = f"temporary contact way {way.config_id} has expired"
            raise LookupError(msg)
        wanted = way.fields.get("unionid") if way.fields.get("is_temp") else ""
        if wanted and wanted != (unionid if customer is None else self._person(customer).unionid):
            msg = f"temporary contact way {way.config_id} is for the customer with another unionid"
            raise LookupError(msg)

    def _next_member(self, way: ContactWay, person: Person) -> Member:
        """Return who gets the customer: a member they have already, or the next in turn.

        Unverified: how the platform spreads customers over the members of one code.
        """
        state = self._core.state
        userids = list(way.fields.get("user") or [])
        for party in way.fields.get("party") or []:
            userids += [one for one in state.of_department(party) if one not in userids]
        members = [state.members[one] for one in userids if _can_add(state.members[one])]
        if not members:
            msg = f"nobody is left behind contact way {way.config_id}"
            raise LookupError(msg)
        known = [one for one in members if one.userid in person.followers]
        if known:
            return known[0]
        way.turn += 1
        return members[(way.turn - 1) % len(members)]

    def _greet(self, kind: type[CustomerAdded | CustomerHalfAdded], member: Member, relation: Relation) -> None:
        code = self._welcome_code(member, relation)
        ids = {"userid": relation.userid, "external_userid": relation.external_userid}
        self._emit(kind, **ids, state=relation.state, welcome_code=code)

    def _welcome_code(self, member: Member, relation: Relation) -> str:
        """Return a code, or nothing when the platform gives none (92130)."""
        if member.console_welcome or relation.chatted_at or relation.welcome_used:
            return ""
        state = self._core.state
        welcome = Welcome(
            code=state.ids.letters("", "welcome", 43),
            userid=relation.userid,
            external_userid=relation.external_userid,
            issued_at=self._core.clock.time(),
        )
        state.welcomes[welcome.code] = welcome
        return welcome.code


def _can_add(member: Member) -> bool:
    return member.active and member.contact and member.can_add
