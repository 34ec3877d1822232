"""Every reason that the engine can give has a sentence in Chinese and in English."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import wecom_auto.sop
from wecom_auto.sop._planning._reasons import _KINDS, REASONS, reason_text

KINDS = {code.partition(":")[0] for code in REASONS} | set(_KINDS)


def _codes() -> set[str]:
    """Return the literals of the package that look like a reason with a detail."""
    folder = Path(wecom_auto.sop.__file__).parent
    nodes = (node for path in folder.glob("*.py") for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    texts = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return {text for text in texts if re.fullmatch(r"[a-z_]+:[a-z_]+", text) and text.partition(":")[0] in KINDS}


def test_every_code_in_the_source_has_its_sentence() -> None:
    """A new reason needs its words in both languages."""
    codes = _codes()
    assert len(codes) > 30
    assert sorted(codes - set(REASONS)) == []


def test_sentences_are_in_their_language() -> None:
    """Chinese sentences hold Chinese, English ones do not."""
    for code in REASONS:
        assert re.search(r"[\u4e00-\u9fff]", reason_text(code, "zh")), code
        assert not re.search(r"[\u4e00-\u9fff]", reason_text(code, "en")), code
