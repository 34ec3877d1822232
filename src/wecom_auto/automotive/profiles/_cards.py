"""What one member's card should say, and in what it differs. Pure: it compares, and calls nobody."""

from __future__ import annotations

from attrs import frozen

from wecom_auto.models import (
    ChannelsAccount,
    CorpMember,
    ExternalAttribute,
    ExternalProfile,
    MiniProgramValue,
    TextValue,
    WebValue,
)


@frozen(kw_only=True)
class CardDeviation:
    """One thing in which a member's card differs from the template.

    Attributes:
        userid: The member.
        field: ``external_position``, ``alias``, ``corp_name``, ``channels`` or ``line:LABEL``.
        wanted: What the template says; empty for a line that shall go.
        found: What there is.
    """

    userid: str
    field: str
    wanted: str
    found: str

    def __str__(self) -> str:
        return f"{self.userid} {self.field}: {self.found or 'nothing'} instead of {self.wanted or 'nothing'}"


@frozen(kw_only=True)
class Card:
    """What one member's card should say; empty for what may be as it is.

    Attributes:
        userid: The member.
        external_position: The job title that customers see.
        alias: The other name.
        corp_name: The short name of the corp.
        channels: The nickname of the Channels account.
        lines: The lines that must be there.
        remove: Labels of lines that must not.
    """

    userid: str
    external_position: str = ""
    alias: str = ""
    corp_name: str = ""
    channels: str = ""
    lines: tuple[ExternalAttribute, ...] = ()
    remove: tuple[str, ...] = ()

    def deviations(self, found: CorpMember) -> tuple[CardDeviation, ...]:
        """Say in what a member differs; of a card as it should be, nothing."""
        profile = found.external_profile or ExternalProfile()
        lines = {one.name: _said(one) for one in profile.external_attr}
        pairs = [
            ("external_position", self.external_position, found.external_position),
            ("alias", self.alias, found.alias),
            ("corp_name", self.corp_name, profile.external_corp_name),
            ("channels", self.channels, profile.wechat_channels.nickname if profile.wechat_channels else ""),
            *((f"line:{one.name}", _said(one), lines.get(one.name, "")) for one in self.lines),
        ]
        wrong = [one for one in pairs if one[1] and one[1] != one[2]]
        wrong += [(f"line:{name}", "", lines[name]) for name in self.remove if lines.get(name)]
        return tuple(
            CardDeviation(userid=self.userid, field=name, wanted=wanted, found=there) for name, wanted, there in wrong
        )

    def over(self, found: ExternalProfile | None) -> ExternalProfile:
        """Return the card to write: all that is there, with what the template says put in its place."""
        old, mine = found or ExternalProfile(), {one.name: one for one in self.lines}
        kept = [_emptied(one) if one.name in self.remove else mine.pop(one.name, one) for one in old.external_attr]
        return ExternalProfile(
            external_corp_name=self.corp_name or old.external_corp_name,
            wechat_channels=ChannelsAccount(nickname=self.channels) if self.channels else old.wechat_channels,
            external_attr=(*kept, *mine.values()),
        )


def _emptied(line: ExternalAttribute) -> ExternalAttribute:
    """Return the line with no value, by which the platform takes it off."""
    return ExternalAttribute(
        type=line.type,
        name=line.name,
        text=TextValue(value="") if line.text else None,
        web=WebValue(url="", title="") if line.web else None,
        mini_program=MiniProgramValue(appid="", page="", title="") if line.mini_program else None,
    )


def _said(line: ExternalAttribute) -> str:
    """Write a line so that two that show the same are equal."""
    if line.text is not None:
        return line.text.value
    if line.web is not None:
        return f"{line.web.title} <{line.web.url}>"
    mini = line.mini_program
    return f"{mini.title} <{mini.appid}/{mini.page.removeprefix('/')}>" if mini else ""
