"""How groups greet: owners put a template of the library on their group, by hand."""

from __future__ import annotations

from wecom_auto.testing._records_more import FakeGreeting, greeting_record
from wecom_auto.testing._scenes import GroupLike, Scenes, scene

__all__ = ["WelcomeScenes"]


class WelcomeScenes(Scenes):
    """Group welcome templates (入群欢迎语)."""

    @scene
    def use_group_welcome(self, group: GroupLike, template_id: str | None) -> None:
        """Let the owner put a template on a group; None takes it off. There is no API for it.

        Raises:
            LookupError: No such group or template.
        """
        welcomes, chat_id = self._core.state.group_welcomes, self._group(group).chat_id
        if template_id is None:
            welcomes.used.pop(chat_id, None)
            return
        if template_id not in welcomes.templates:
            msg = f"{template_id}: no such template; group_welcomes.create(...) makes one"
            raise LookupError(msg)
        welcomes.used[chat_id] = template_id

    @scene
    def greetings(self, group: GroupLike) -> tuple[FakeGreeting, ...]:
        """Return what greeted the customers who joined a group, oldest first."""
        chat_id = self._group(group).chat_id
        return tuple(
            greeting_record(one) for one in self._core.state.group_welcomes.greetings if one.chat_id == chat_id
        )

    @scene
    def told_of_group_welcome(self, template_id: str) -> tuple[str, ...]:
        """Return the members who were told of a new template (`notify`).

        Raises:
            LookupError: No such template.
        """
        template = self._core.state.group_welcomes.templates.get(template_id)
        if template is None:
            msg = f"{template_id}: no such template"
            raise LookupError(msg)
        return tuple(template.notified)
