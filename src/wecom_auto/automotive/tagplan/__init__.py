"""Tags as code (标签体系): the groups a corp should have, what differs, and rules that tag by themselves.

It creates, renames and reorders, and can be run again after any crash.
It refuses to delete: a tag that goes takes its marks from every customer, and no call brings them back.
"""

from __future__ import annotations

from wecom_auto.automotive.tagplan._apply import Applied
from wecom_auto.automotive.tagplan._diff import TagDiff, compare
from wecom_auto.automotive.tagplan._findings import Difference, TagFinding
from wecom_auto.automotive.tagplan._made import MadeTags
from wecom_auto.automotive.tagplan._plan import PlannedGroup, PlannedTag, TagPlan
from wecom_auto.automotive.tagplan._rules import Signal, SignalKind, TagOrder, TagRule, evaluate
from wecom_auto.automotive.tagplan._tagger import Tagger, TaggerReport, TellTagged

__all__ = [
    "Applied",
    "Difference",
    "MadeTags",
    "PlannedGroup",
    "PlannedTag",
    "Signal",
    "SignalKind",
    "TagDiff",
    "TagFinding",
    "TagOrder",
    "TagPlan",
    "TagRule",
    "Tagger",
    "TaggerReport",
    "TellTagged",
    "compare",
    "evaluate",
]
