"""Pictures: Mermaid in the shape of the contract, and an SVG timeline that is well-formed and escaped."""

from __future__ import annotations

from xml.etree.ElementTree import fromstring

import pytest
from attrs import evolve
from hypothesis import given, settings
from tests.unit._sop import INSURANCE, PROSPECT, sop, step
from tests.unit.test_sop_properties import definitions

from wecom_auto.sop import Definition
from wecom_auto.sop.diagram import mermaid, svg

PICTURE = """\
flowchart LR
  E(["进入: customer.added"]) --> welcome["+0d<br/>welcome"]
  welcome --> material["+1d 10:00<br/>material: mass, tag"]
  material -->|"not event('testdrive.booked')"| invite["+3d 10:00<br/>invite: mass, remind, escalate"]
  invite -->|"not event('store.visited')"| lost["+30d 18:00<br/>lost: tag, move_pool, end"]
  X0{{"退出 · 目标: event('deal.signed')"}}
  X1{{"退出: unfollowed() or tag('勿扰')"}}
"""


def test_mermaid_of_the_contract() -> None:
    """The prospect SOP draws exactly the picture of the contract."""
    assert mermaid(PROSPECT) == PICTURE


def test_arms_and_waits_are_in_the_picture() -> None:
    """What decides whether a step goes out can be read off the picture."""
    assert 'd60["-60d 10:00<br/>d60: mass (A 45 / B 45 / holdout 10)"]' in mermaid(INSURANCE)
    made = sop(step("a", "+1d", more='if = "tag(\'x\')"\nwait = { for = "event(\'e\')", max = "7d" }'))
    assert "-->|\"wait event('e'), max 7d · tag('x')\"| a" in mermaid(made)


def test_node_names_are_safe_and_distinct() -> None:
    """Keywords of Mermaid and ids that differ only in punctuation still make one node each."""
    names = ["end", "E", "X0", "a.b", "a-b", "a_b"]
    made = sop("".join(step(name, f"+{index}d") for index, name in enumerate(names)),
               exits="[[exit]]\nwhen = \"tag('x')\"")  # fmt: skip
    nodes = [line.split("[")[-2].split()[-1] for line in mermaid(made).splitlines() if "<br/>" in line]
    assert nodes == ["end_", "E_", "X0_", "a_b", "a_b_", "a_b__"]


def test_labels_cannot_break_out() -> None:
    """Quotes, angle brackets and hashes in names are entities in the Mermaid text."""
    made = sop(step("a", "+1d", more="""if = '''tag("it's <b> #1")'''"""))
    line = mermaid(made).splitlines()[1]
    assert '|"tag(#quot;it\'s #lt;b#gt; #35;1#quot;)"|' in line


@pytest.mark.parametrize("definition", [PROSPECT, INSURANCE], ids=lambda item: item.sop)
def test_the_svg_shows_every_step_and_exit(definition: Definition) -> None:
    """The timeline is well-formed XML and names every step, offset, guard and exit."""
    root = fromstring(svg(definition))  # noqa: S314 - our own text
    words = " ".join("".join(node.itertext()) for node in root.iter("{http://www.w3.org/2000/svg}text"))
    for item in definition.steps:
        assert item.id in words
        assert str(item.at) in words
        assert item.when is None or item.when.text in words
    for out in definition.exits:
        assert out.when.text in words
    assert definition.title in words


def test_the_svg_puts_the_anchor_between_before_and_after() -> None:
    """A deadline SOP shows its date where it belongs: after the last step before it."""
    text = svg(INSURANCE)
    assert text.index(">-14d 09:30<") < text.index("锚点: insurance_expiry") < text.index(">+1d 10:00<")


def test_the_svg_is_inert_and_escaped() -> None:
    """No script, no link, no markup from the document; dark pages are provided for."""
    made = evolve(sop(step("a", "+1d", do='tag = "<script>x"')), title='<img src=x onerror="alert(1)">')
    text = svg(made)
    assert "<script" not in text
    assert "<img" not in text
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "")
    assert "prefers-color-scheme:dark" in text


def test_long_texts_are_cut_with_the_whole_in_the_tooltip() -> None:
    """A long guard does not run out of the picture and is not lost."""
    guard = " or ".join(f"tag('很长的标签名称{number}')" for number in range(20))
    text = svg(sop(step("a", "+1d", more=f'if = "{guard}"')))
    assert "…</text>" in text
    assert f"<title>tpl/x · 如果 {guard.replace(chr(39), '&#x27;')}</title>" in text


@settings(max_examples=60)
@given(definitions())
def test_every_definition_can_be_drawn(definition: Definition) -> None:
    """Both pictures exist for any definition, and drawing twice gives the same picture."""
    fromstring(svg(definition))  # noqa: S314 - our own text
    assert svg(definition) == svg(Definition.from_json(definition.to_json()))
    assert mermaid(definition).count("<br/>") == len(definition.steps)


TREE = sop(
    step("ask", "+1d 10:00", do="mass = 'tpl/ask', branch = [{ if = \"tag('A')\", goto = 'a' }, { goto = 'b' }]")
    + step("a", "+2d 10:00", do="staff_task = { title = '电话', role = '销售顾问' }, notice = '今天联系', goto = 'z'")
    + step("b", "+2d 10:00")
    + step("z", "+9d", do="stage = 'cold', webhook = 'crm', end = true"),
    head='category = "nurture"\n[policy]\nfatigue = { day = 1, week = 3 }\nallow_split = true',
)


def test_branches_are_arrows_of_their_own() -> None:
    """Dotted arrows carry the condition, and no solid arrow leads where no run goes."""
    assert mermaid(TREE).splitlines()[1:] == [
        '  E(["进入: manual"]) --> ask["+1d 10:00<br/>ask: mass, branch"]',
        '  a["+2d 10:00<br/>a: staff_task, notice, goto"]',
        '  b["+2d 10:00<br/>b: mass"]',
        '  b --> z["+9d<br/>z: stage, webhook, end"]',
        "  ask -. \"tag('A')\" .-> a",
        '  ask -. "否则" .-> b',
        '  a -. "跳转" .-> z',
        '  P["策略: category nurture · fatigue day 1/week 3 · allow_split true"]',
    ]


def test_the_svg_draws_branches_and_names_roles() -> None:
    """Each branch is a line beside the timeline and a phrase beside its step; the policy stands under the title."""
    root = fromstring(svg(TREE))  # noqa: S314 - our own text
    space = "{http://www.w3.org/2000/svg}"
    assert len([one for one in root.iter(f"{space}path") if one.get("class") == "jump"]) == 3
    words = " ".join("".join(node.itertext()) for node in root.iter(f"{space}text"))
    for phrase in (
        "tag('A') → a",
        "否则 → b",
        "跳转 → z",
        "电话（销售顾问）",
        "今天联系",
        "策略: category nurture",
        "cold",
    ):
        assert phrase in words
    assert 'class="jump"' not in svg(PROSPECT)


@pytest.mark.parametrize(
    ("target", "do", "words"),
    [("group", "group = 'g'", "进入 (客户群): manual"), ("moment", "moment = 'm', visible = ['车主']", "可见: 车主")],
)
def test_pictures_say_whom_a_sop_is_about(target: str, do: str, words: str) -> None:
    """A group's and a moment's SOP cannot be taken for one of customers."""
    made = sop(step("a", "+1d 10:00", do=do), head=f'target = "{target}"')
    assert words in svg(made)
    assert f"进入 ({'客户群' if target == 'group' else '朋友圈'})" in mermaid(made)
