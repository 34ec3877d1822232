"""Write down where a walk stands, as a text that only the same walk reads. Keeps no secret, and proves no origin."""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from collections.abc import Iterable
from typing import NoReturn

from attrs import frozen

from wecom_auto._types import JSON
from wecom_auto.errors import ValidationError

__all__ = ["Checkpoints"]


@frozen
class Checkpoints:
    """The checkpoints of one walk.

    Attributes:
        walk: Its name, as a person says it: ``"customers.iter_all"``.
        about: What the walk was asked for; a checkpoint belongs to the same question.
    """

    walk: str
    about: str

    @classmethod
    def of(cls, walk: str, *about: Iterable[object]) -> Checkpoints:
        """Return the checkpoints of a walk with these arguments; their order does not matter."""
        asked = json.dumps([sorted(map(str, one)) for one in about])
        return cls(walk, hashlib.blake2b(asked.encode(), digest_size=8).hexdigest())

    def write(self, place: JSON) -> str:
        """Return a text that `read` turns back into `place`."""
        content = json.dumps(place, separators=(",", ":")).encode()
        # The checksum of zlib tells a text that was cut or changed from a whole one.
        return f"{self.walk}:1:{self.about}:{base64.urlsafe_b64encode(zlib.compress(content)).decode()}"

    def read(self, text: str) -> JSON:
        """Return what was written.

        Raises:
            ValidationError: The text is of another walk, was made for other arguments, or is broken.
        """
        walk, _, rest = text.partition(":1:")
        about, _, packed = rest.partition(":")
        if walk != self.walk:
            self.refuse("something else")
        if about != self.about:
            self.refuse("a checkpoint that was made with other arguments")
        try:
            place: JSON = json.loads(zlib.decompress(base64.b64decode(packed, altchars=b"-_", validate=True)))
        except (ValueError, zlib.error):
            self.refuse("a damaged checkpoint")
        return place

    def refuse(self, found: str) -> NoReturn:
        """Raise `ValidationError` for a text that cannot be used."""
        field, limit = "resume", f"Found.checkpoint of {self.walk} with the same arguments, unchanged"
        raise ValidationError(field, value=found, limit=limit, fix="leave it out to start from the beginning")
