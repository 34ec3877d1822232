"""What every endpoint promises, told once and played everywhere: the cases of all chapters, by name.

A case sets its stage on the fake, asks through whatever client it is played with, and asserts what came.
On cassettes the fake plays along in the background, so that what happens between the calls happens there too.
"""

from __future__ import annotations

from collections.abc import Mapping

from tests.chapters import listed
from tests.contract._play import Case

CASES: Mapping[str, Case] = {case.__name__: case for case in listed("CASES")}
