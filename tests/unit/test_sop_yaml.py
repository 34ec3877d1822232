"""YAML: the same definition as TOML, or an error; never another meaning."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from tests.unit._sop import FILES, INSURANCE, PROSPECT
from tests.unit.test_sop_properties import definitions

from wecom_auto.errors import ConfigurationError
from wecom_auto.sop import Definition, DefinitionError

CARE = """\
sop: care
version: 12
title: 回访
policy:
  allow_split: true
  fatigue: {day: 1}
entry:
  on: customer.added
step:
  - id: call
    at: +1d 10:00
    ab: {A: 50, holdout: 50}
    do: {mass: "tpl/{arm}", tag: [甲, 乙]}
  - id: last
    at: +9d
    do: {end: true}
"""


def test_yaml_means_what_toml_means() -> None:
    """Numbers and truths are read where the format wants them, and everything else is the text that was written."""
    made = Definition.from_yaml(CARE)
    assert (made.version, made.policy.allow_split, made.policy.fatigue.day) == (12, True, 1)
    assert made.entry.on == "customer.added"
    assert made.steps[0].ab is not None
    assert dict(made.steps[0].ab.weights) == {"A": 50, "holdout": 50}
    assert made.steps[1].ends


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("version: 12", "version: 1.10", "version must be a whole number"),
        ("version: 12", "v: 1.10", "unknown key 'v'"),
        ("at: +1d 10:00", "at: 10:00", "step[0].at: '10:00' is not an offset"),
        ("{end: true}", "{end: no}", "step[1].do: end must be true or false, not 'no'"),
        ("{end: true}", "{end: yes}", "step[1].do: end must be true or false, not 'yes'"),
        ("version: 12", "version: 0x1F", "version must be a whole number"),
        ("version: 12", "version: 1_000", "version must be a whole number"),
        ("title: 回访", "title: ~", None),
        ("title: 回访", "title: 1.10", None),
        ("on: customer.added", "on: yes", "entry.on: unknown trigger 'yes'"),
        ("sop: care", "sop: !!python/object:os.system x", "the tag"),
        ("sop: care", "sop: &a care\ncategory: *a", "an anchor or alias (line 1"),
        ("sop: care", "sop: care\nsop: other", "the key 'sop' stands twice (line 2)"),
        ("sop: care", "sop: [care", "not YAML"),
        ("sop: care", "sop: care\ntarget: &x\n", "an anchor or alias"),
    ],
)
def test_the_traps_of_yaml_are_errors_or_right(old: str, new: str, problem: str | None) -> None:
    """What YAML 1.1 would read as another key or value is refused with its place, or is the text that it looks like."""
    assert old in CARE
    text = CARE.replace(old, new)
    if problem is None:
        assert Definition.from_yaml(text).title == new.removeprefix("title: ")
        return
    with pytest.raises(DefinitionError) as caught:
        Definition.from_yaml(text)
    assert problem in str(caught.value)


def test_the_key_on_is_a_key() -> None:
    """The commonest key of a definition is a truth to YAML 1.1; here it is the word."""
    assert yaml.safe_load("on: customer.added") == {True: "customer.added"}
    assert Definition.from_yaml(CARE).entry.trigger == "customer.added"


def test_bombs_and_depth_are_refused_quickly() -> None:
    """A billion laughs, a thousand levels and a million characters are one error each."""
    bomb = "a: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]\n"
    for text in (bomb, "a:\n" + "[" * 5000, "sop: " + "x" * 1_000_001 + "\n", "", "\n", "- 1\n", "just a text\n"):
        with pytest.raises(DefinitionError):
            Definition.from_yaml(text)


def test_a_file_may_be_missing(tmp_path: Path) -> None:
    """A path is read as UTF-8 with or without a mark; a missing file is an error that names it."""
    path = tmp_path / "care.yaml"
    path.write_text(CARE, encoding="utf-8-sig")
    assert Definition.from_yaml(path) == Definition.from_yaml(CARE)
    with pytest.raises(DefinitionError, match=r"none\.yaml"):
        Definition.from_yaml(tmp_path / "none.yaml")


def test_without_the_extra_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """YAML is an extra, and the error says which."""
    monkeypatch.setitem(sys.modules, "yaml", None)
    with pytest.raises(ConfigurationError, match=r"wecom-auto\[yaml\]"):
        Definition.from_yaml(CARE)


@pytest.mark.parametrize("definition", [PROSPECT, INSURANCE], ids=["prospect", "insurance"])
def test_the_examples_are_the_same_in_yaml(definition: Definition) -> None:
    """Whoever writes the canonical document as YAML gets the same digest."""
    text = yaml.safe_dump(definition.document(), allow_unicode=True)
    assert Definition.from_yaml(text).digest == definition.digest
    assert (FILES / "prospect.toml").is_file()


def test_a_file_is_read_by_its_ending(tmp_path: Path) -> None:
    """The command line and the linter take TOML, YAML and JSON alike."""
    wanted = Definition.from_yaml(CARE)
    for name, text in (("a.yml", CARE), ("a.JSON", wanted.to_json())):
        (tmp_path / name).write_text(text, encoding="utf-8")
        assert Definition.from_file(tmp_path / name) == wanted
    assert Definition.from_file(FILES / "prospect.toml") == PROSPECT


@settings(max_examples=60)
@given(definitions())
def test_any_definition_survives_yaml(definition: Definition) -> None:
    """Every definition, dumped as YAML or as JSON (which is YAML), is the same definition."""
    plain = json.loads(definition.to_json())
    assert Definition.from_yaml(yaml.safe_dump(plain, allow_unicode=True)) == definition
    assert Definition.from_yaml(json.dumps(plain, indent=1, ensure_ascii=False)) == definition
