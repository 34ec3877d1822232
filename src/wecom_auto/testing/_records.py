"""What the fake answers to tests: frozen snapshots. They do not follow later changes; ask the fake again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal, TypeAlias

from attrs import field, frozen

from wecom_auto.testing._faults import Fault
from wecom_auto.testing._state import Group, MassMessage, MassTask, Member, Message, Person, Relation, State, Tag
from wecom_auto.testing._wire import Body

__all__ = [
    "DeliveryOutcome",
    "FakeAttempt",
    "FakeCustomer",
    "FakeDelivery",
    "FakeFollow",
    "FakeGroup",
    "FakeMember",
    "FakeMessage",
    "FakeRecipient",
    "FakeSaid",
    "FakeTag",
    "FakeTask",
    "RecordedCall",
    "UrlCheck",
]

DeliveryOutcome: TypeAlias = Literal["delivered", "refused", "failed", "dropped"]
"""What became of a callback: answered 200, answered otherwise, not answered, or lost by the platform."""


@frozen(kw_only=True)
class FakeTag:
    """A corp tag or a strategy tag.

    Args:
        id: The tag's id, `et…`.
        name: Its name.
        group_id: Its group.
        group_name: The group's name.
        strategy_id: The customer strategy that it belongs to; 0 for a corp tag.
    """

    id: str
    name: str
    group_id: str
    group_name: str
    strategy_id: int = 0


@frozen(kw_only=True)
class FakeFollow:
    """What one member has with one customer.

    Args:
        userid: The member.
        state: The `state` of the code that was scanned.
        add_way: How they met; 1 is a QR code.
        remark: The member's name for the customer.
        description: The member's note.
        tags: The corp tags set by the member.
        half: The member has not accepted yet.
        unfriended: The customer has deleted the member.
    """

    userid: str
    state: str
    add_way: int
    remark: str
    description: str
    tags: tuple[FakeTag, ...]
    half: bool
    unfriended: bool


@frozen(kw_only=True)
class FakeCustomer:
    """A customer, as the platform knows them.

    Args:
        external_userid: The id.
        name: The WeChat nickname.
        unionid: Empty unless given.
        follows: Who follows them.
        mass_messages: How many mass messages reached them.
    """

    external_userid: str
    name: str
    unionid: str = ""
    follows: tuple[FakeFollow, ...] = ()
    mass_messages: int = 0

    def follow(self, userid: str) -> FakeFollow:
        """Return what a member has with this customer.

        Raises:
            LookupError: The member does not follow them.
        """
        for one in self.follows:
            if one.userid == userid:
                return one
        msg = f"{userid} does not follow {self.external_userid}"
        raise LookupError(msg)

    def tags_by(self, userid: str) -> list[FakeTag]:
        """Return the tags that a member has set on this customer."""
        return list(self.follow(userid).tags)


@frozen(kw_only=True)
class FakeMember:
    """A member of the corp.

    Args:
        userid: The id.
        name: The name.
        department: The department's id.
        active: False once they have left.
        customers: The `external_userid` of everybody they follow.
        unassigned: The customers they left behind, when they have left.
        picture: The media id of the picture that a program gave them; empty if none did.
    """

    userid: str
    name: str
    department: int
    active: bool
    customers: tuple[str, ...]
    unassigned: tuple[str, ...]
    picture: str = ""


@frozen(kw_only=True)
class FakeGroup:
    """A customer group.

    Args:
        chat_id: The id.
        name: The name.
        owner: The owner's userid.
        members: Ids of members and customers, in the order in which they came.
        dismissed: The owner has dissolved it.
    """

    chat_id: str
    name: str
    owner: str
    members: tuple[str, ...]
    dismissed: bool


@frozen(kw_only=True)
class FakeRecipient:
    """One recipient of a mass message: 0 waiting, 1 sent, 2 no friend any more, 3 quota used up."""

    target: str
    status: int
    sent_at: datetime | None


@frozen(kw_only=True)
class FakeTask:
    """One member's part of a mass message.

    Args:
        msgid: The mass message.
        userid: The member.
        text: Its text.
        done: The member has confirmed.
        forgotten: The member will not think of it by themselves.
        cancelled: The corp has stopped it.
        recipients: Whom it is for.
    """

    msgid: str
    userid: str
    text: str
    done: bool
    forgotten: bool
    cancelled: bool
    recipients: tuple[FakeRecipient, ...]


@frozen(kw_only=True)
class FakeMessage:
    """An application message as a member got it."""

    msgid: str
    msgtype: str
    body: Mapping[str, Any] = field(hash=False)
    at: datetime


@frozen(kw_only=True)
class FakeSaid:
    """What became of a message under the intercept rules (敏感词).

    Args:
        text: The words.
        sent: It was sent; False if a rule blocked it.
        warned: The member was warned.
        rules: The names of the rules that found something.
        words: What they found.
        semantics: What else: 1 a mobile number, 2 an e-mail address, 3 a red packet.
    """

    text: str = field(repr=False)
    sent: bool
    warned: bool = False
    rules: tuple[str, ...] = ()
    words: tuple[str, ...] = field(default=(), repr=False)
    semantics: tuple[int, ...] = ()


@frozen(kw_only=True)
class RecordedCall:
    """A request that reached the fake. It holds no token and no secret.

    Args:
        method: The HTTP method.
        path: Without `/cgi-bin/`.
        query: The query without `access_token` and `corpsecret`.
        body: The JSON body; for an upload its type and size.
        at: The virtual time.
        errcode: What was answered; None when the caller got no JSON.
        agent_id: The app whose token came with it; None without a living token.
        fault: The planned bad luck that struck it.
    """

    method: str
    path: str
    query: Mapping[str, str] = field(hash=False)
    body: Body = field(hash=False)
    at: datetime
    errcode: int | None
    agent_id: int | None = None
    fault: Fault | None = None


@frozen(kw_only=True)
class FakeAttempt:
    """One try to deliver a callback.

    Args:
        status: The HTTP status; None if the platform heard none in time.
        error: Why there was none, or what a function raised; ``"AnswerLost"`` if `disturb` lost it on the way.
        seconds: Real seconds that it took.
    """

    status: int | None
    error: str = ""
    seconds: float = field(default=0.0, eq=False, repr=False)


@frozen(kw_only=True)
class FakeDelivery:
    """What became of one callback at one receiver.

    Args:
        name: For example `change_external_contact.add_external_contact`.
        receiver: The URL, or `handler` for a function.
        plaintext: The decrypted body.
        attempts: Every try.
        outcome: How it ended.
        at: When, in virtual time.
    """

    name: str
    receiver: str
    plaintext: bytes = field(repr=False)
    attempts: tuple[FakeAttempt, ...]
    outcome: DeliveryOutcome
    at: datetime


@frozen(kw_only=True)
class UrlCheck:
    """The result of a URL verification: what the receiver answered, and what is wrong with it."""

    ok: bool
    status: int | None
    problem: str = ""


def tag_record(state: State, tag: Tag) -> FakeTag:
    """Return the snapshot of a tag."""
    group = state.tag_groups[tag.group_id]
    return FakeTag(
        id=tag.id, name=tag.name, group_id=group.group_id, group_name=group.name, strategy_id=group.strategy_id
    )


def _follow_record(state: State, one: Relation) -> FakeFollow:
    return FakeFollow(
        userid=one.userid,
        state=one.state,
        add_way=one.add_way,
        remark=one.remark,
        description=one.description,
        tags=tuple(tag_record(state, state.tags[tag_id]) for tag_id in one.tags),
        half=one.half,
        unfriended=one.unfriended,
    )


def customer_record(state: State, person: Person) -> FakeCustomer:
    """Return the snapshot of a customer."""
    return FakeCustomer(
        external_userid=person.external_userid,
        name=person.name,
        unionid=person.unionid,
        follows=tuple(_follow_record(state, one) for one in person.followers.values()),
        mass_messages=len(person.received),
    )


def member_record(member: Member) -> FakeMember:
    """Return the snapshot of a member."""
    return FakeMember(
        userid=member.userid,
        name=member.name,
        department=member.department,
        active=member.active,
        customers=tuple(member.relations),
        unassigned=tuple(member.unassigned),
        picture=member.avatar,
    )


def group_record(group: Group) -> FakeGroup:
    """Return the snapshot of a group."""
    return FakeGroup(
        chat_id=group.chat_id,
        name=group.name,
        owner=group.owner,
        members=tuple(group.members),
        dismissed=group.dismissed,
    )


def task_record(message: MassMessage, task: MassTask) -> FakeTask:
    """Return the snapshot of a member's task."""
    recipients = tuple(
        FakeRecipient(target=one.target, status=one.status, sent_at=moment(one.sent_at) if one.sent_at else None)
        for one in task.recipients.values()
    )
    return FakeTask(
        msgid=message.msgid,
        userid=task.userid,
        text=str(message.content.get("text", {}).get("content", "")),
        done=bool(task.status),
        forgotten=task.forgotten,
        cancelled=message.cancelled,
        recipients=recipients,
    )


def message_record(message: Message) -> FakeMessage:
    """Return the snapshot of an application message."""
    return FakeMessage(msgid=message.msgid, msgtype=message.msgtype, body=message.body, at=moment(message.at))


def moment(seconds: float) -> datetime:
    """Return unix seconds as an aware UTC datetime."""
    return datetime.fromtimestamp(seconds, UTC)
