"""What is said: by members under the eyes of the intercept rules, by anybody in groups, and who asks whom first."""

from __future__ import annotations

from wecom_auto.callbacks.events import CustomerAdded
from wecom_auto.testing._archiving import keep
from wecom_auto.testing._intercepting import judge
from wecom_auto.testing._records import FakeCustomer, FakeSaid, customer_record
from wecom_auto.testing._scenes import CustomerLike, GroupLike, scene
from wecom_auto.testing._scenes_people import PeopleScenes
from wecom_auto.testing._state_journal import Deed, GroupTalk

__all__ = ["TalkScenes"]

SEARCHED = 2


class TalkScenes(PeopleScenes):
    """Words, and friend requests."""

    @scene
    def request_friend(
        self,
        userid: str,
        *,
        customer: CustomerLike | None = None,
        name: str = "",
        accepted: bool = True,
        add_way: int = SEARCHED,
    ) -> FakeCustomer:
        """Let a member ask somebody to be friends (发起好友申请); statistics count the request.

        Args:
            userid: The member.
            customer: Somebody known; a new person unless given.
            name: The nickname of a new person.
            accepted: Whether they say yes, at once: then they are a customer.
            add_way: How the member found them; 2 is a search for the mobile number.
        """
        person = self._new_person(name) if customer is None else self._person(customer)
        member, who = self._member(userid), person.external_userid
        self._core.state.journal.requested.append(Deed(at=self._time(), userid=userid, external_userid=who))
        known = person.followers.get(userid)
        if accepted and (known is None or known.half or known.unfriended):
            relation = self._tie(person, member, "", half=False)
            relation.add_way, relation.oper_userid = add_way, userid
            self._greet(CustomerAdded, member, relation)
        return customer_record(self._core.state, person)

    @scene
    def member_says(self, userid: str, customer: CustomerLike, text: str = "", *, red_packet: bool = False) -> FakeSaid:
        """Let a member write to a customer; intercept rules (敏感词) may warn, or block it.

        Args:
            userid: The member.
            customer: Their customer.
            text: The words.
            red_packet: Send a red packet with them.

        Returns:
            What became of it. A blocked message counts in no statistic.
        """
        relation = self._relation(userid, customer)
        said = judge(self._core.state, userid, text, red_packet=red_packet)
        if said.sent:
            self.chat(relation.external_userid, userid, sent=1, received=0)
            keep(self._core, userid, [relation.external_userid], "text", {"text": {"content": text}})
        return said

    @scene
    def customer_says(self, customer: CustomerLike, userid: str, text: str = "") -> None:
        """Let a customer write to a member; statistics count it.

        Args:
            customer: Who writes.
            userid: The member.
            text: The words.
        """
        self.chat(customer, userid, sent=0, received=1)
        who = self._person(customer).external_userid
        keep(self._core, who, [userid], "text", {"text": {"content": text}})

    @scene
    def group_says(self, group: GroupLike, who: CustomerLike, text: str = "", *, messages: int = 1) -> FakeSaid:
        """Let somebody write in a group. Rules look at members only; what they block is not sent.

        Args:
            group: The group.
            who: A member or a customer in it.
            text: The words.
            messages: How often they write them.
        """
        row, speaker = self._group(group), who if isinstance(who, str) else who.external_userid
        if speaker not in row.members:
            msg = f"{speaker} is not in {row.chat_id}"
            raise LookupError(msg)
        if speaker in self._core.state.members:
            said = judge(self._core.state, speaker, text, red_packet=False)
        else:
            said = FakeSaid(text=text, sent=True)
        if said.sent:
            talk = GroupTalk(at=self._time(), chat_id=row.chat_id, who=speaker, messages=messages)
            self._core.state.journal.group_talks.append(talk)
            others = [one for one in row.members if one != speaker]
            for _ in range(messages):
                keep(self._core, speaker, others, "text", {"text": {"content": text}}, roomid=row.chat_id)
        return said
