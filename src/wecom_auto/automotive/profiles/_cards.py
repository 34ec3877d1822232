"""What one member's card should say, and in what it differs. Pure: it compares, and calls nobody."""

from __future__ import annotations

from attrs import frozen

from wecom_auto.models import ChannelsAccount, CorpMember, ExternalAttribute, ExternalProfile


@frozen(kw_only=True)
class CardDeviation:
    """One thing in which a member's card differs from the template.

    Attributes:
        userid: The member.
        field: ``external_position``, ``alias``, ``corp_name``, ``channels`` or ``line:LABEL``.
        wanted: What the template says.
        found: What there is.
    """

    userid: str
    field: str
    wanted: str
    found: str

    def __str__(self) -> str:
        return f"{self.userid} {self.field}: {self.found or 'nothing'} instead of {self.wanted}"


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
    """

    userid: str
    external_position: str = ""
    alias: str = ""
    corp_name: str = ""
    channels: str = ""
    lines: tuple[ExternalAttribute, ...] = ()

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
        return tuple(
            CardDeviation(userid=self.userid, field=name, wanted=wanted, found=there)
            for name, wanted, there in pairs
            if wanted and wanted != there
        )

    def over(self, found: ExternalProfile | None) -> ExternalProfile:
        """Return the card to write: all that is there, with what the template says put in its place."""
        old, mine = found or ExternalProfile(), {one.name: one for one in self.lines}
        kept = [mine.pop(one.name, one) for one in old.external_attr]
        return ExternalProfile(
            external_corp_name=self.corp_name or old.external_corp_name,
            wechat_channels=ChannelsAccount(nickname=self.channels) if self.channels else old.wechat_channels,
            external_attr=(*kept, *mine.values()),
        )


def _said(line: ExternalAttribute) -> str:
    """Write a line so that two that show the same are equal."""
    if line.text is not None:
        return line.text.value
    if line.web is not None:
        return f"{line.web.title} <{line.web.url}>"
    mini = line.mini_program
    return f"{mini.title} <{mini.appid}/{mini.page.removeprefix('/')}>" if mini else ""
