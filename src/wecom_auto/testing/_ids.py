"""Identifiers in the platform's shapes, the same for the same seed. No randomness, no clock."""

from __future__ import annotations

import base64
import hashlib
from collections import defaultdict

__all__ = ["Ids"]


class Ids:
    """Make identifiers: the n-th of a kind depends on the seed, the kind and n only.

    Args:
        seed: Two fakes with one seed give the same identifiers in the same order.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._counts: defaultdict[str, int] = defaultdict(int)

    def digest(self, *parts: object) -> bytes:
        """Return 48 bytes that depend on the seed and `parts`."""
        text = "\x1f".join(map(str, (self.seed, *parts)))
        return hashlib.blake2b(text.encode(), digest_size=48).digest()

    def letters(self, prefix: str, kind: str, length: int) -> str:
        """Return the next identifier of `kind`: `prefix` and url-safe characters, `length` in all."""
        return (prefix + base64.urlsafe_b64encode(self._next(kind)).decode())[:length]

    def hexa(self, kind: str) -> str:
        """Return the next 32-digit hexadecimal identifier of `kind`."""
        return self._next(kind)[:16].hex()

    def number(self, kind: str) -> int:
        """Return how many identifiers of `kind` were made, counting this one."""
        self._counts[kind] += 1
        return self._counts[kind]

    def _next(self, kind: str) -> bytes:
        return self.digest(kind, self.number(kind))
