"""Conditions: a closed grammar, three-valued truth, one spelling."""

from __future__ import annotations

import contextlib
import itertools
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wecom_auto.sop import Condition, ConditionError
from wecom_auto.sop.preview import KnownFacts

FACTS = KnownFacts(
    tags={"车主", "a"},
    events={"early": datetime(2026, 1, 1, tzinfo=UTC), "late": datetime(2026, 2, 1, tzinfo=UTC)},
    attributes={"n": 5, "text": "B", "yes": True, "no": False, "empty": "", "models": ["A", "B"], "null": None},
    channel="showroom-01",
    reached={"d30"},
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("tag('车主')", True),
        ("tag('别的')", False),
        ("not tag('别的')", True),
        ("event('early')", True),
        ("event('never')", False),
        ("event('early') < event('late')", True),
        ("event('early') < event('never')", None),
        ("delivered('d30')", True),
        ("delivered('d60')", False),
        ("unfollowed()", False),
        ("not unfollowed()", True),
        ("state.startswith('showroom-')", True),
        ("state == 'showroom-01'", True),
        ("state in ('a', 'b')", False),
        ("state not in ('a',)", True),
        ("attr('n') >= 5", True),
        ("attr('n') == -5", False),
        ("attr('n') < 4.5", False),
        ("attr('text') in ('A', 'B')", True),
        ("'B' in attr('models')", True),
        ("attr('yes')", True),
        ("attr('no')", False),
        ("attr('empty')", False),
        ("attr('missing')", None),
        ("not attr('missing')", None),
        ("attr('null')", None),
        ("attr('missing') == 1", None),
        ("attr('missing') != 1", None),
        ("attr('text') < 3", None),
        ("attr('missing') is None", True),
        ("attr('missing') is not None", False),
        ("event('never') is None", True),
        ("attr('missing') and tag('别的')", False),
        ("attr('missing') and tag('a')", None),
        ("attr('missing') or tag('a')", True),
        ("attr('missing') or tag('别的')", None),
        ("tag('a') == True", True),
    ],
)
def test_truth(text: str, expected: bool | None) -> None:
    """Every form of the grammar, true, false and unknown where a fact is missing."""
    assert Condition.parse(text).evaluate(FACTS) is expected


def test_three_valued_truth_tables() -> None:
    """`and`, `or` and `not` follow Kleene's tables for all nine pairs: no combination is decided by a gap."""
    words = {True: "tag('a')", False: "tag('别的')", None: "attr('missing')"}
    order = {False: 0, None: 1, True: 2}
    for one, two in itertools.product(words, repeat=2):
        both = Condition.parse(f"{words[one]} and {words[two]}").evaluate(FACTS)
        either = Condition.parse(f"{words[one]} or {words[two]}").evaluate(FACTS)
        assert both is min(one, two, key=order.__getitem__)
        assert either is max(one, two, key=order.__getitem__)


@pytest.mark.parametrize(
    ("text", "column", "words"),
    [
        ("__import__('os').system('x')", 1, "only state.startswith"),
        ("__import__('os')", 1, "unknown function '__import__'"),
        ("tag('a') and exec('x')", 14, "unknown function 'exec'"),
        ("tag('已成交') and tga('x')", 16, "did you mean 'tag'?"),
        ("tag('a') and (lambda: 1)()", 14, "unknown function"),
        ("tag(tag)", 5, "unknown name 'tag'"),
        ("tag()", 1, "takes 1 argument"),
        ("tag('a', 'b')", 1, "takes 1 argument"),
        ("tag(name='a')", 1, "takes 1 argument"),
        ("unfollowed('x')", 1, "takes 0 arguments"),
        ("tag('')", 5, "1 to 200 characters"),
        ("tag(f'{1}')", 5, "not part of the grammar"),
        ("tag('a' + 'b')", 5, "not part of the grammar"),
        ("[x for x in 'a']", 1, "not something that is true or false"),
        ("True", 1, "not something that is true or false"),
        ("state", 1, "not something that is true or false"),
        ("state.lower() == 'a'", 1, "only state.startswith"),
        ("state.startswith('a', 1)", 1, "only state.startswith"),
        ("attr('a').__class__", 1, "not something"),
        ("1 < attr('n') < 9", 1, "compare two values at a time"),
        ("attr('n') is 5", 14, "compares with None only"),
        ("attr('n') == None", 14, "not part of the grammar"),
        ("tag('a') and", 13, "not a condition"),
        ("tag('a'", 4, "not a condition"),
        ("", 1, "not a condition"),
        ("tag('a\\n')", 7, "backslash"),
        ("tag('a\u200b')", 5, "printable"),
        ("attr('n') == 1j", 14, "not part of the grammar"),
        ("x := 1", 3, "not a condition"),
    ],
)
def test_everything_else_is_refused_at_its_column(text: str, column: int, words: str) -> None:
    """Whatever is outside the grammar is an error that points at the column, in characters."""
    with pytest.raises(ConditionError) as caught:
        Condition.parse(text)
    assert words in str(caught.value)
    assert caught.value.column == column


@pytest.mark.parametrize(
    "text",
    ["tag('a') and " * 400 + "tag('a')", "not " * 300 + "tag('a')", "(" * 150 + "tag('a')" + ")" * 150 + "x",
     "tag('a')" + " or tag('a')" * 160, "tag('a')\0", "x" * 2001],
)  # fmt: skip
def test_size_is_bounded(text: str) -> None:
    """A condition that is too long or too deep is refused, not run and not a crash."""
    with pytest.raises(ConditionError):
        Condition.parse(text)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ('tag("a")', "tag('a')"),
        ("(tag('a'))   and(tag('b'))", "tag('a') and tag('b')"),
        ("(tag('a') and tag('b')) and tag('c')", "tag('a') and tag('b') and tag('c')"),
        ("tag('a') and (tag('b') or tag('c'))", "tag('a') and (tag('b') or tag('c'))"),
        ("(tag('a') and tag('b')) or tag('c')", "tag('a') and tag('b') or tag('c')"),
        ("not (tag('a') or tag('b'))", "not (tag('a') or tag('b'))"),
        ("not (attr('n') > 1)", "not attr('n') > 1"),
        ("tag('a')\n  and tag('b')", "tag('a') and tag('b')"),
        ("""tag("it's")""", """tag("it's")"""),
        ("attr('n') == - 5", "attr('n') == -5"),
        ("state in ('a',)", "state in ('a',)"),
    ],
)
def test_one_meaning_has_one_text(text: str, canonical: str) -> None:
    """The canonical text keeps only what matters, and reading it again changes nothing."""
    condition = Condition.parse(text)
    assert condition.text == canonical
    assert Condition.parse(canonical) == condition


_ATOMS = st.sampled_from(["tag('a')", "tag('别的')", "attr('missing')", "attr('n') > 4", "event('never') is None"])
_TREES = st.recursive(
    _ATOMS,
    lambda inner: st.one_of(
        inner.map(lambda text: f"not ({text})"),
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(lambda item: f"({item[0]}) {item[1]} ({item[2]})"),
    ),
    max_leaves=10,
)


@given(_TREES)
def test_the_canonical_text_means_the_same(text: str) -> None:
    """Leaving brackets out never changes the meaning, and the canonical text is a fixed point."""
    condition = Condition.parse(text)
    again = Condition.parse(condition.text)
    assert again.text == condition.text
    assert again.evaluate(FACTS) is condition.evaluate(FACTS)


@given(st.text(max_size=60))
def test_no_text_escapes_as_another_error(text: str) -> None:
    """Any text is either a condition or a `ConditionError`, never a warning or a crash."""
    with contextlib.suppress(ConditionError):
        assert Condition.parse(text).text


def test_the_facts_a_condition_uses_are_known() -> None:
    """The runner can subscribe to exactly what a condition reads."""
    text = "state.startswith('s') and tag('车主') and (unfollowed() or attr('n') > event('x'))"
    assert Condition.parse(text).uses == {
        ("state", ""), ("tag", "车主"), ("unfollowed", ""), ("attr", "n"), ("event", "x"),
    }  # fmt: skip


def test_a_condition_has_no_truth_of_its_own() -> None:
    """`a and b` between built conditions would silently drop one, so it is an error."""
    with pytest.raises(TypeError, match="combine with &"):
        bool(Condition.parse("tag('a')"))
