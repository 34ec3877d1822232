"""What the console and members themselves do about cards (对外资料), without any call of the API."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from wecom_auto.testing._fake_members import merged
from wecom_auto.testing._scenes import Scenes, scene

__all__ = ["MemberScenes"]


class MemberScenes(Scenes):
    """Cards that customers see (对外资料)."""

    @scene
    def allow_on_cards(
        self, *, labels: Collection[str] | None = None, mini_programs: Collection[str] | None = None
    ) -> None:
        """Say what the console allows on cards; the rest is ignored in silence, as on the platform.

        Args:
            labels: The labels of lines; None for any.
            mini_programs: The appids that the corp has installed; None for any.
        """
        state = self._core.state
        state.card_labels = None if labels is None else frozenset(labels)
        state.card_programs = None if mini_programs is None else frozenset(mini_programs)

    @scene
    def set_contact_sync(self, *, on: bool = True, agent_id: int | None = None) -> None:
        """Let the secret of an app be that of contact sync (通讯录同步), which writes members and may not read them.

        Args:
            on: Whether it is.
            agent_id: The app; the first one unless given.

        Raises:
            LookupError: No such app.
        """
        wanted = self._core.state.apps[0].agent_id if agent_id is None else agent_id
        app = next((one for one in self._core.state.apps if one.agent_id == wanted), None)
        if app is None:
            msg = f"{wanted}: no such app; add_app(..., agent_id={wanted}) first"
            raise LookupError(msg)
        app.contact_sync = on

    @scene
    def edit_card(
        self,
        userid: str,
        *,
        external_position: str | None = None,
        alias: str | None = None,
        texts: Mapping[str, str] | None = None,
    ) -> None:
        """Let a member, or an administrator, change a card by hand.

        Args:
            userid: The member.
            external_position: The job title that customers see.
            alias: Another name.
            texts: Lines of text by label; an empty one goes.
        """
        member, state = self._member(userid), self._core.state
        member.external_position = member.external_position if external_position is None else external_position
        member.alias = member.alias if alias is None else alias
        lines = [{"type": 0, "name": name, "text": {"value": value}} for name, value in (texts or {}).items()]
        member.card = merged(state.card_labels, state.card_programs, member.card, {}, lines)
