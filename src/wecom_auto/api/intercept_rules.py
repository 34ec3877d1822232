"""Intercept rules (客户联系 › 管理聊天敏感词): words and behaviour to stop or to report."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from types import NoneType
from typing import Final

from wecom_auto._binding import C, Endpoints, Step, endpoint, workflow
from wecom_auto._bulk import BulkResult, Report, in_bulk
from wecom_auto._call import Call, Effect
from wecom_auto._checks import AnyOf, Check, Limit, OneOf
from wecom_auto._types import UNSET, Unset
from wecom_auto.api._rules import Given
from wecom_auto.api._values import listed
from wecom_auto.models import InterceptRule, InterceptRuleRef, InterceptType, Semantics

__all__ = ["InterceptRuleEndpoints"]

_NODES: Final = 1000
_CHECKS: Final[tuple[Check, ...]] = (
    Limit("rule_name", chars=20, least=1),
    Limit("word_list", items=300),
    Limit("word_list[]", chars=32, least=1),
    OneOf("intercept_type", (InterceptType.BLOCK.value, InterceptType.WARN.value)),
)
_KINDS: Final = tuple(kind.value for kind in Semantics)


class InterceptRuleEndpoints(Endpoints[C]):
    """Intercept rules (敏感词): words and behaviour to stop or to report."""

    __slots__ = ()

    @endpoint
    def create(
        self,
        name: str,
        *,
        words: Sequence[str],
        intercept_type: InterceptType | int,
        userids: Sequence[str] = (),
        departments: Sequence[int] = (),
        semantics: Sequence[Semantics | int] = (),
    ) -> Call[str]:
        """Make a rule for what members write to customers.

        A lost answer is not repeated. Names are unique: look for the name with `list` before you try again.
        A corp has room for 100 rules.

        Manual: `新建敏感词规则 <https://developer.work.weixin.qq.com/document/path/95097>`__

        Args:
            name: 1 to 20 characters, unique in the corp.
            words: Up to 300 words of 1 to 32 characters.
            intercept_type: Block, or only warn.
            userids: Members for whom it holds, up to 1,000, within the app's range; see `add_userids` for more.
            departments: Ids of departments, up to 1,000, within the app's range. One of the two is needed.
            semantics: What to look for besides words: mobile numbers, e-mail addresses, red packets.

        Returns:
            The id of the rule.

        Raises:
            ConflictError: 41077 a rule of that name exists already.
            QuotaExceededError: 41069 the corp has 100 rules; 41068 too many words; 41076 too many members.
            InvalidRequestError: 41083 a word is not allowed.
        """
        return (
            Call.post(
                Effect.CREATE,
                "/cgi-bin/externalcontact/add_intercept_rule",
                str,
                rule_name=name,
                word_list=listed("word_list", words),
                semantics_list=semantics or UNSET,
                intercept_type=intercept_type,
                applicable_range=_range(userids, departments),
            )
            .unwrap("rule_id")
            .checked(
                AnyOf("word_list"),
                AnyOf("applicable_range"),
                *_CHECKS,
                OneOf("semantics_list[]", _KINDS),
                *_nodes("applicable_range"),
            )
        )

    @endpoint
    def list(self) -> Call[tuple[InterceptRuleRef, ...]]:
        """List the rules, without what is in them.

        Manual: `获取敏感词规则列表 <https://developer.work.weixin.qq.com/document/path/95097>`__
        """
        path = "/cgi-bin/externalcontact/get_intercept_rule_list"
        return Call.get(path, tuple[InterceptRuleRef, ...]).unwrap("rule_list")

    @endpoint
    def get(self, rule_id: str) -> Call[InterceptRule]:
        """Fetch one rule.

        Manual: `获取敏感词规则详情 <https://developer.work.weixin.qq.com/document/path/95097>`__

        Args:
            rule_id: The rule.

        Raises:
            NotFoundError: 41070 there is no such rule; 41071 it was deleted.
        """
        path = "/cgi-bin/externalcontact/get_intercept_rule"
        return Call.post(Effect.READ, path, InterceptRule, rule_id=rule_id).unwrap("rule")

    @endpoint
    def update(
        self,
        rule_id: str,
        *,
        name: str | Unset = UNSET,
        words: Sequence[str] | Unset = UNSET,
        semantics: Sequence[Semantics | int] | Unset = UNSET,
        intercept_type: InterceptType | int | Unset = UNSET,
        add_userids: Sequence[str] = (),
        add_departments: Sequence[int] = (),
        remove_userids: Sequence[str] = (),
        remove_departments: Sequence[int] = (),
    ) -> Call[None]:
        """Change a rule. What is not given stays. An app may change only its own rules.

        Manual: `修改敏感词规则 <https://developer.work.weixin.qq.com/document/path/95097>`__

        Args:
            rule_id: The rule.
            name: 1 to 20 characters, unique in the corp.
            words: All of them: up to 300 words of 1 to 32 characters. An empty list changes nothing.
            semantics: All of them; an empty list takes them away.
            intercept_type: Block, or only warn.
            add_userids: Members for whom it holds from now on, up to 1,000. A rule has room for 10,000.
            add_departments: Ids of departments for which it holds from now on, up to 1,000.
            remove_userids: Members for whom it ends, up to 1,000.
            remove_departments: Ids of departments for which it ends, up to 1,000.

        Raises:
            NotFoundError: 41070 there is no such rule; 41071 it was deleted.
            ConflictError: 41077 another rule has that name.
            QuotaExceededError: 41076 too many members.
        """
        return Call.post(
            Effect.SET,
            "/cgi-bin/externalcontact/update_intercept_rule",
            NoneType,
            rule_id=rule_id,
            rule_name=name,
            word_list=listed("word_list", words),
            extra_rule=UNSET if isinstance(semantics, Unset) else {"semantics_list": tuple(semantics)},
            intercept_type=intercept_type,
            add_applicable_range=_range(add_userids, add_departments),
            remove_applicable_range=_range(remove_userids, remove_departments),
        ).checked(
            Given(
                "rule_name",
                "word_list",
                "extra_rule",
                "intercept_type",
                "add_applicable_range",
                "remove_applicable_range",
            ),
            *_CHECKS,
            OneOf("extra_rule.semantics_list[]", _KINDS),
            *_nodes("add_applicable_range"),
            *_nodes("remove_applicable_range"),
        )

    @endpoint
    def delete(self, rule_id: str) -> Call[None]:
        """Delete a rule. An app may delete only its own rules.

        Manual: `删除敏感词规则 <https://developer.work.weixin.qq.com/document/path/95097>`__

        Args:
            rule_id: The rule.

        Raises:
            NotFoundError: 41070 there is no such rule; 41071 it was deleted before.
        """
        return Call.post(Effect.DELETE, "/cgi-bin/externalcontact/del_intercept_rule", NoneType, rule_id=rule_id)

    @workflow
    def add_userids(
        self, rule_id: str, userids: Sequence[str], *, progress: Report | None = None
    ) -> Step[BulkResult[str, None]]:
        """Let a rule hold for more members, as many as you like; a rule has room for 10,000.

        A call that names somebody outside the app's range fails as a whole, with the 1,000 members in it.

        Manual: `修改敏感词规则 <https://developer.work.weixin.qq.com/document/path/95097>`__

        Args:
            rule_id: The rule.
            userids: Members for whom it holds from now on.
            progress: Is told after every call.
        """
        update = partial(InterceptRuleEndpoints.update, self, rule_id)
        names = listed("user_list", userids)
        return (yield from in_bulk(names, _NODES, lambda some: update(add_userids=some), progress=progress))

    @workflow
    def remove_userids(
        self, rule_id: str, userids: Sequence[str], *, progress: Report | None = None
    ) -> Step[BulkResult[str, None]]:
        """Let a rule end for members, as many as you like.

        Manual: `修改敏感词规则 <https://developer.work.weixin.qq.com/document/path/95097>`__

        Args:
            rule_id: The rule.
            userids: Members for whom it ends.
            progress: Is told after every call.
        """
        update = partial(InterceptRuleEndpoints.update, self, rule_id)
        names = listed("user_list", userids)
        return (yield from in_bulk(names, _NODES, lambda some: update(remove_userids=some), progress=progress))


def _range(userids: Sequence[str], departments: Sequence[int]) -> dict[str, object] | Unset:
    lists = {"user_list": listed("user_list", userids), "department_list": tuple(departments)}
    return {name: values for name, values in lists.items() if values} or UNSET


def _nodes(field: str) -> tuple[Check, ...]:
    return Limit(f"{field}.user_list", items=_NODES), Limit(f"{field}.department_list", items=_NODES)
