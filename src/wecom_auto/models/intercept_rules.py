"""Rules that stop or report what members write to customers (聊天敏感词, manual 95097). Values only."""

from __future__ import annotations

from datetime import datetime

import attrs
from attrs import frozen

from wecom_auto._model import Form, Model, OpenIntEnum, named, wire

__all__ = ["InterceptExtra", "InterceptRange", "InterceptRule", "InterceptRuleRef", "InterceptType", "Semantics"]


class InterceptType(OpenIntEnum):
    """What a rule does (拦截方式)."""

    UNKNOWN = 0
    """Not said in the answer; the platform has no such value."""
    BLOCK = 1
    """Warn, and do not send (警告并拦截发送)."""
    WARN = 2
    """Only warn (仅发警告)."""


class Semantics(OpenIntEnum):
    """What a rule looks for besides words (额外的拦截语义规则)."""

    MOBILE = 1
    """A mobile number (手机号)."""
    EMAIL = 2
    """An e-mail address (邮箱地址)."""
    RED_PACKET = 3
    """A red packet (红包)."""


@frozen(kw_only=True)
class InterceptRange(Model):
    """For whom a rule holds, as far as the app sees them (敏感词适用范围).

    Attributes:
        userids: Members.
        departments: Ids of departments, with everybody in them.
    """

    userids: tuple[str, ...] = wire("user_list", ())
    departments: tuple[int, ...] = wire("department_list", ())


@frozen(kw_only=True)
class InterceptExtra(Model):
    """The part of a rule that is not words (额外的规则).

    Attributes:
        semantics: What it looks for.
    """

    semantics: tuple[Semantics, ...] = wire("semantics_list", ())


@frozen(kw_only=True)
class InterceptRuleRef(Model):
    """A line of `intercept_rules.list`.

    Attributes:
        rule_id: The id.
        name: The name.
        created_at: When it was made.
    """

    rule_id: str = attrs.field(metadata=named("rule_id", Form.ID))
    name: str = wire("rule_name", "")
    created_at: datetime | None = wire("create_time", None)


@frozen(kw_only=True)
class InterceptRule(Model):
    """A rule, whole (敏感词规则详情).

    Attributes:
        rule_id: The id.
        name: The name.
        created_at: When it was made; the platform does not always tell.
        words: What may not be written.
        extra_rule: The rest of what it looks for, where the manual's example has it; read `semantics`.
        semantics_list: The same, where some answers have it; read `semantics`.
        intercept_type: Block, or only warn.
        applicable_range: For whom it holds, as far as the app sees them.
    """

    rule_id: str = attrs.field(metadata=named("rule_id", Form.ID))
    name: str = wire("rule_name", "")
    created_at: datetime | None = wire("create_time", None)
    words: tuple[str, ...] = wire("word_list", ())
    extra_rule: InterceptExtra = InterceptExtra()
    semantics_list: tuple[Semantics, ...] = ()
    intercept_type: InterceptType = InterceptType.UNKNOWN
    applicable_range: InterceptRange = InterceptRange()

    @property
    def semantics(self) -> tuple[Semantics, ...]:
        """What the rule looks for besides words, from wherever the answer has it."""
        return self.extra_rule.semantics or self.semantics_list
