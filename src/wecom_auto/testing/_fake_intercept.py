"""The intercept-rule chapter (管理聊天敏感词, manual 95097): rules for what members write to customers.

What they do to a message is in `_intercepting`; `fake.member_says` and `fake.group_says` play it.

Unverified: that every app sees all rules of the corp, and 60011 is what it gets for changing another app's; which of
41070 and 41071 stands for which missing rule (never made, and deleted); that a department is shown, and may be named,
only if the app sees everybody in it; the errcodes of a name's length and of the kind of interception (40058).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wecom_auto.testing import _lookups as look
from wecom_auto.testing._registry import Ask, endpoint
from wecom_auto.testing._spec import any_of, integer, items, nested, text
from wecom_auto.testing._state_intercept import InterceptRule
from wecom_auto.testing._wire import Body, Refusal

MISSING, NOT_OWN, NO_MEMBER, NO_PARTY = 40063, 60011, 60111, 60123
TOO_MANY_WORDS, FULL, NO_RULE, DELETED = 41068, 41069, 41070, 41071
TOO_WIDE, NAME_TAKEN, BAD_WORD, BAD_SEMANTICS = 41076, 41077, 41083, 41084
WORDS, WORD_CHARS, NODES, MEMBERS = 300, 32, 1_000, 10_000
KINDS = {1, 2, 3}

RANGE = (items("user_list"), items("department_list", int))
RULE_ID = text("rule_id", required=MISSING)


@endpoint(
    "POST",
    "externalcontact/add_intercept_rule",
    text("rule_name", required=MISSING, chars=20),
    items("word_list", required=MISSING),
    items("semantics_list", int),
    integer("intercept_type", required=MISSING, enum=(1, 2)),
    nested("applicable_range", any_of("user_list", "department_list"), *RANGE, required=MISSING),
)
def add_intercept_rule(ask: Ask) -> Mapping[str, object]:
    """Create a rule."""
    if len(ask.state.intercept.living()) >= ask.limits.intercept_rules:
        raise Refusal(FULL, f"at most {ask.limits.intercept_rules} rules")
    rule = InterceptRule(
        rule_id=ask.state.ids.letters("", "intercept_rule", 32),
        agent_id=ask.app.agent_id,
        name=_name(ask, ""),
        created_at=ask.now,
        words=_words(ask),
        semantics=_semantics(ask.body.get("semantics_list") or []),
        intercept_type=ask.body["intercept_type"],
        users=dict.fromkeys(_users(ask, ask.body["applicable_range"])),
        departments=dict.fromkeys(_departments(ask, ask.body["applicable_range"])),
    )
    ask.state.intercept.rules[rule.rule_id] = rule
    return {"rule_id": rule.rule_id}


@endpoint("GET", "externalcontact/get_intercept_rule_list")
def get_intercept_rule_list(ask: Ask) -> Mapping[str, object]:
    """List the corp's rules."""
    rules = ask.state.intercept.living()
    return {
        "rule_list": [{"rule_id": one.rule_id, "rule_name": one.name, "create_time": one.created_at} for one in rules]
    }


@endpoint("POST", "externalcontact/get_intercept_rule", RULE_ID)
def get_intercept_rule(ask: Ask) -> Mapping[str, object]:
    """Answer one rule, with the part of its range that the app sees."""
    rule = _rule(ask)
    seen = {
        "user_list": [one for one in rule.users if look.visible(ask, one)],
        "department_list": [one for one in rule.departments if _visible(ask, one)],
    }
    head: Body = {"rule_id": rule.rule_id, "rule_name": rule.name, "create_time": rule.created_at}
    extra = {"semantics_list": rule.semantics}
    tail = {"intercept_type": rule.intercept_type, "applicable_range": seen}
    return {"rule": {**head, "word_list": rule.words, "extra_rule": extra, **tail}}


@endpoint(
    "POST",
    "externalcontact/update_intercept_rule",
    RULE_ID,
    text("rule_name", chars=20),
    items("word_list"),
    nested("extra_rule", items("semantics_list", int)),
    integer("intercept_type", enum=(1, 2)),
    nested("add_applicable_range", *RANGE),
    nested("remove_applicable_range", *RANGE),
)
def update_intercept_rule(ask: Ask) -> None:
    """Change what was given; an empty list of words changes nothing, an empty list of semantics clears."""
    rule = _own(ask)
    name = _name(ask, rule.rule_id) if ask.body.get("rule_name") else rule.name
    words = _words(ask) if ask.body.get("word_list") else rule.words
    extra: Body = ask.body.get("extra_rule") or {}
    semantics = _semantics(extra["semantics_list"]) if extra.get("semantics_list") is not None else rule.semantics
    users, departments = _new_range(ask, rule)
    rule.name, rule.words, rule.semantics = name, words, semantics
    rule.users, rule.departments = users, departments
    rule.intercept_type = ask.body.get("intercept_type") or rule.intercept_type


@endpoint("POST", "externalcontact/del_intercept_rule", RULE_ID)
def del_intercept_rule(ask: Ask) -> None:
    """Delete a rule."""
    _own(ask).deleted = True


def _rule(ask: Ask) -> InterceptRule:
    rule = ask.state.intercept.rules.get(ask.body["rule_id"])
    if rule is None:
        raise Refusal(NO_RULE)
    if rule.deleted:
        raise Refusal(DELETED)
    return rule


def _own(ask: Ask) -> InterceptRule:
    rule = _rule(ask)
    if rule.agent_id != ask.app.agent_id:
        raise Refusal(NOT_OWN, "made by another app")
    return rule


def _name(ask: Ask, rule_id: str) -> str:
    name = str(ask.body["rule_name"])
    if any(one.name == name and one.rule_id != rule_id for one in ask.state.intercept.living()):
        raise Refusal(NAME_TAKEN)
    return name


def _words(ask: Ask) -> list[str]:
    words: list[str] = ask.body["word_list"]
    if len(words) > WORDS:
        raise Refusal(TOO_MANY_WORDS, f"{len(words)} words, at most {WORDS}")
    if not all(1 <= len(word) <= WORD_CHARS for word in words):
        raise Refusal(BAD_WORD, f"a word has 1 to {WORD_CHARS} characters")
    return list(dict.fromkeys(words))


def _semantics(kinds: list[int]) -> list[int]:
    if not KINDS.issuperset(kinds):
        raise Refusal(BAD_SEMANTICS, "1 mobile number, 2 e-mail address, 3 red packet")
    return sorted(set(kinds))


def _users(ask: Ask, nodes: Mapping[str, Any]) -> list[str]:
    users: list[str] = nodes.get("user_list") or []
    if len(users) > NODES:
        raise Refusal(TOO_WIDE, f"{len(users)} members, at most {NODES} in one call")
    for userid in users:
        member = ask.state.members.get(userid)
        if member is None or not member.active:
            raise Refusal(NO_MEMBER, f"userid {userid}: fake.add_member({userid!r}) adds them")
        if not look.visible(ask, userid):
            raise Refusal(NOT_OWN, f"userid {userid}: see visible= of the app's fake.add_app(...)")
    return users


def _departments(ask: Ask, nodes: Mapping[str, Any]) -> list[int]:
    departments: list[int] = nodes.get("department_list") or []
    if len(departments) > NODES:
        raise Refusal(TOO_WIDE, f"{len(departments)} departments, at most {NODES} in one call")
    for party in departments:
        if party not in ask.state.departments():
            raise Refusal(NO_PARTY, str(party))
        if not _visible(ask, party):
            raise Refusal(NOT_OWN, f"department {party}: see visible= of the app's fake.add_app(...)")
    return departments


def _visible(ask: Ask, party: int) -> bool:
    return all(look.visible(ask, userid) for userid in ask.state.of_department(party))


def _new_range(ask: Ask, rule: InterceptRule) -> tuple[dict[str, None], dict[int, None]]:
    more: Body = ask.body.get("add_applicable_range") or {}
    less: Body = ask.body.get("remove_applicable_range") or {}
    users = rule.users | dict.fromkeys(_users(ask, more))
    departments = rule.departments | dict.fromkeys(_departments(ask, more))
    for userid in less.get("user_list") or []:
        users.pop(userid, None)
    for party in less.get("department_list") or []:
        departments.pop(party, None)
    if len(users) > MEMBERS:
        raise Refusal(TOO_WIDE, f"{len(users)} members, at most {MEMBERS} in one rule")
    if not users and not departments:
        raise Refusal(MISSING, "a rule holds for somebody")
    return users, departments
