"""How others see the people of the corp: ids of WeChat, of mini programs and of providers' apps."""

from __future__ import annotations

from wecom_auto.testing._forms import app_form, opengid, openid
from wecom_auto.testing._scenes import CustomerLike, GroupLike, Scenes, scene
from wecom_auto.testing._state import App, AppKind
from wecom_auto.testing._state_served import OtherContact

__all__ = ["IdScenes"]


class IdScenes(Scenes):
    """Identifiers (ID 转换), and people who are served and no customers."""

    @scene
    def openid_of(self, customer: CustomerLike) -> str:
        """Return a customer's openid; the fake has one for payment and mini programs alike."""
        return openid(self._core.state.ids, self._person(customer).external_userid)

    @scene
    def opengid_of(self, group: GroupLike) -> str:
        """Return the id under which a mini program sees a group (`wx.getGroupEnterInfo`)."""
        return opengid(self._core.state.ids, self._group(group).chat_id)

    @scene
    def external_userid_for(self, customer: CustomerLike, agent_id: int, *, before_upgrade: bool = False) -> str:
        """Return a customer's id as an app sees it in production; all chapters but the conversions answer the corp's.

        Args:
            customer: The customer.
            agent_id: The app.
            before_upgrade: As a provider's app saw it before the upgrade of 2022.

        Raises:
            LookupError: No such customer or app.
        """
        state, person = self._core.state, self._person(customer)
        return app_form(state.ids, self._app(agent_id), person.external_userid, before_upgrade=before_upgrade)

    @scene
    def set_app_kind(self, kind: AppKind, *, provider: str = "", agent_id: int | None = None) -> None:
        """Make an app one of another kind, which decides what it may convert; the first app is self-built.

        Args:
            kind: `self-built` (自建), `delegated` (代开发) or `third-party` (第三方).
            provider: The provider (服务商) of a delegated or third-party app, by any name.
            agent_id: The app; the first one unless given.

        Raises:
            LookupError: No such app.
        """
        app = self._app(self._core.state.apps[0].agent_id if agent_id is None else agent_id)
        app.kind, app.provider = kind, provider

    @scene
    def add_other_contact(self, name: str, *, served_by: str, chat_name: str = "") -> None:
        """Put somebody into the world whom a member serves but has not marked as a customer.

        Args:
            name: Their nickname.
            served_by: The member: their contact, or with `chat_name` the owner of a group that both are in.
            chat_name: The name of a group that is no customer group (外部群).
        """
        state = self._core.state
        other = OtherContact(
            number=state.ids.number("other_contact"),
            name=name,
            userid=self._member(served_by).userid,
            chat_name=chat_name,
            added_at=self._now(),
        )
        state.served.others.append(other)

    def _app(self, agent_id: int) -> App:
        app = next((one for one in self._core.state.apps if one.agent_id == agent_id), None)
        if app is None:
            msg = f"{agent_id}: no such app; add_app(..., agent_id={agent_id}) first"
            raise LookupError(msg)
        return app
