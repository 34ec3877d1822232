"""Make a corp's library what a plan says, one call after the other, looking before each round.

It deletes nothing: a tag that goes takes its marks from every customer, and no call brings them back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final, TypeAlias

from attrs import field, frozen

from wecom_auto.automotive.tagplan._diff import TagDiff, order_of
from wecom_auto.automotive.tagplan._findings import Difference, TagFinding
from wecom_auto.automotive.tagplan._made import MadeTags
from wecom_auto.automotive.tagplan._plan import CORP_TAGS, TagPlan
from wecom_auto.errors import ConfigurationError, ConflictError, PermissionDeniedError
from wecom_auto.models import NewTag

if TYPE_CHECKING:
    from wecom_auto._client import WeCom

Progress: TypeAlias = Callable[[int, int, str], None]
"""Told how many steps are done, how many there are in this round, and which one comes."""

_ROUNDS: Final = 4
"""What was made in one round is put into its place in the next; nothing needs more than three."""
_IN_A_CALL: Final = 100


@frozen(kw_only=True)
class Applied:
    """What `TagPlan.apply` did.

    Attributes:
        done: What was changed.
        refused: What the platform refused, with its words: most often another app made the tag.
        left: What still differs, warnings included.
    """

    done: tuple[TagFinding, ...]
    refused: tuple[tuple[TagFinding, str], ...]
    left: TagDiff

    @property
    def clean(self) -> bool:
        """Whether the library is what the plan says."""
        return not self.left.changes


@frozen(kw_only=True)
class _Step:
    """One call: what it settles, and the call."""

    findings: Sequence[TagFinding]
    text: str
    call: Callable[[], Iterable[str]]


@frozen
class _Work:
    """One run."""

    plan: TagPlan
    wecom: WeCom
    made: MadeTags | None
    refused: dict[tuple[str, str, Difference], tuple[TagFinding, str]] = field(factory=dict)
    done: list[TagFinding] = field(factory=list)

    def open(self, diff: TagDiff) -> list[TagFinding]:
        """Return the changes that were not refused already."""
        return [one for one in diff.changes if _key(one) not in self.refused]

    def steps(self, todo: Sequence[TagFinding]) -> Iterator[_Step]:
        """Yield the calls: names first, then what is missing, then places."""
        for one in todo:
            if one.kind is Difference.RENAMED:
                yield self._edit(one)
        for group in self.plan.groups:
            missing = [one for one in todo if one.kind is Difference.MISSING_TAG and one.group == group.name]
            for start in range(0, len(missing), _IN_A_CALL):
                yield self._create(group.name, missing[start : start + _IN_A_CALL])
        for one in todo:
            if one.kind is Difference.ORDER:
                yield self._edit(one)

    def run(self, step: _Step) -> None:
        """Make one call; a refusal is written down and costs nothing else."""
        try:
            ids = step.call()
        except ConflictError:
            return  # Somebody else made it, or we did and the answer was lost: the next round looks.
        except PermissionDeniedError as error:
            self.refused.update({_key(one): (one, str(error)) for one in step.findings})
            return
        if self.made is not None:
            self.made.add(ids)
        self.done.extend(step.findings)

    def _create(self, group: str, missing: Sequence[TagFinding]) -> _Step:
        names, groups = self.plan.group(group).names, [one.name for one in self.plan.groups]
        tags = [NewTag(name=one.tag, order=order_of(one.tag, names)) for one in missing]
        group_id = missing[0].id

        def call() -> Iterable[str]:
            if group_id:
                made = self.wecom.tags.create(tags, group_id=group_id)
                return [tag.id for tag in made.tags]
            made = self.wecom.tags.create(tags, group_name=group, order=order_of(group, groups))
            return [made.group_id, *(tag.id for tag in made.tags)]

        return _Step(findings=missing, text=f"{group}: {', '.join(one.tag for one in missing)}", call=call)

    def _edit(self, finding: TagFinding) -> _Step:
        name = finding.tag or finding.group

        def call() -> Iterable[str]:
            if finding.kind is Difference.RENAMED:
                self.wecom.tags.edit(finding.id, name=name)
            else:
                self.wecom.tags.edit(finding.id, order=finding.order)
            return ()

        return _Step(findings=[finding], text=str(finding), call=call)


def apply(plan: TagPlan, wecom: WeCom, made: MadeTags | None, progress: Progress | None) -> Applied:
    """Bring a library to a plan; see `TagPlan.apply`."""
    work, diff = _Work(plan, wecom, made), plan.diff(wecom, made=made)
    if diff.of(Difference.TOO_MANY):
        msg = (
            f"the plan does not fit: {diff.of(Difference.TOO_MANY)[0].detail}, and a corp has room for {CORP_TAGS} tags"
        )
        raise ConfigurationError(msg)
    for _ in range(_ROUNDS):
        steps = list(work.steps(work.open(diff)))
        if not steps:
            break
        for number, step in enumerate(steps):
            if progress is not None:
                progress(number, len(steps), step.text)
            work.run(step)
        diff = plan.diff(wecom, made=made)
    return Applied(done=tuple(work.done), refused=tuple(work.refused.values()), left=diff)


def _key(finding: TagFinding) -> tuple[str, str, Difference]:
    return finding.group, finding.tag, finding.kind
