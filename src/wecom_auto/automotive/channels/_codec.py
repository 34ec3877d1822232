"""Pack numbers into a `state` of 30 characters, and read them back. Knows no names and no database.

```text
w1 m nnnn…  ccc
│  │ │      └ three check characters over everything before
│  │ └ the numbers, each with as few characters as it needs: four bits and a "goes on" bit in each
│  └ which of the five numbers are there; none of them: one number follows, of a long state in the side table
└ mark and version
```

The alphabet has 32 characters, none of which a person mistakes for another on a printed sheet (no i, l, o, u).
The check finds every changed character and every swap of two, wherever they are, and lets 1 of 32,749 other texts pass.
Reading never raises: what is not ours is `Origin.FOREIGN`, what was ours and is broken is `Origin.DAMAGED`.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Sequence
from typing import Final

from attrs import frozen

from wecom_auto.errors import WeComError

STATE_CHARS: Final = 30
"""The longest `state` of a contact way or a join way (manual 92228, 92229)."""
PARTS: Final = 5
_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_DIGITS: Final = {char: value for value, char in enumerate(_ALPHABET)}
_MARK: Final = "w1"
_CHECK_CHARS: Final = 3
_PRIME: Final = 32749
"""The biggest prime that three characters can hold."""
_BASE: Final = 33
"""Its powers up to the 40th differ from each other and from 0 modulo the prime: each place weighs something else."""
_MORE, _NIBBLE = 16, 4
_ROOM: Final = STATE_CHARS - len(_MARK) - 1 - _CHECK_CHARS
MOST: Final = 16**_ROOM - 1


class StateError(WeComError, ValueError):
    """Numbers that do not fit into a state."""


class Origin(enum.StrEnum):
    """Whose text a `state` is."""

    NONE = "none"
    """There is no text: the customer did not come by a code with one."""
    OURS = "ours"
    """Made by this codec; what it means is up to the registry."""
    LONG = "long"
    """Made by this codec, and points into the side table."""
    DAMAGED = "damaged"
    """Begins like ours, and the check says that a character was changed."""
    FOREIGN = "foreign"
    """Made by somebody else: another tool, a person, a later version."""


@frozen
class Packed:
    """What a `state` says, in numbers.

    Attributes:
        origin: Whose text it is.
        numbers: Channel, campaign, store, advisor, lead; 0 for what is not said. Empty unless OURS.
        long_number: The row of the side table; 0 unless LONG.
    """

    origin: Origin
    numbers: tuple[int, ...] = ()
    long_number: int = 0


def encode(numbers: Sequence[int]) -> str:
    """Pack five numbers into a state.

    Args:
        numbers: Channel, campaign, store, advisor, lead; 0 for what is not said, at least one is.

    Returns:
        At most 30 characters.

    Raises:
        StateError: not five numbers, all of them 0, or too big together: they need a long state.
    """
    if len(numbers) != PARTS or not any(numbers) or min(numbers) < 0:
        msg = f"a state packs {PARTS} numbers from 0, one of them not 0; got {list(numbers)}"
        raise StateError(msg)
    mask = sum(1 << index for index, number in enumerate(numbers) if number)
    return _sealed(_ALPHABET[mask] + "".join(_packed(number) for number in numbers if number))


def encode_long(number: int) -> str:
    """Pack the number of a row in the side table.

    Raises:
        StateError: the number is not positive, or has no room.
    """
    if number <= 0:
        msg = f"rows of long states are numbered from 1, not {number}"
        raise StateError(msg)
    return _sealed(_ALPHABET[0] + _packed(number))


def decode(state: str) -> Packed:
    """Read any text that the platform may tell as `state`; never raises."""
    if not state:
        return Packed(Origin.NONE)
    if not state.startswith(_MARK):
        return Packed(Origin.FOREIGN)
    body, check = state[:-_CHECK_CHARS], state[-_CHECK_CHARS:]
    if len(state) > STATE_CHARS or not set(state) <= _DIGITS.keys() or _check(body) != check:
        return Packed(Origin.DAMAGED)
    return _read(body[len(_MARK) :]) or Packed(Origin.DAMAGED)


def _read(body: str) -> Packed | None:
    """Read what stands between mark and check; None if no encoder would have written it so."""
    if not body:
        return None
    mask = _DIGITS[body[0]]
    numbers = list(_unpacked(body[1:]))
    if any(number == 0 for number in numbers) or len(numbers) != max(1, mask.bit_count()):
        return None
    if not mask:
        return Packed(Origin.LONG, long_number=numbers[0])
    left = iter(numbers)
    return Packed(Origin.OURS, tuple(next(left) if mask >> index & 1 else 0 for index in range(PARTS)))


def _sealed(body: str) -> str:
    if len(body) > _ROOM + 1:
        msg = f"the numbers need {len(body) - 1} characters and {_ROOM} are left; use a long state"
        raise StateError(msg)
    return _MARK + body + _check(_MARK + body)


def _packed(number: int) -> str:
    chars = _ALPHABET[number % _MORE]
    while number := number >> _NIBBLE:
        chars = _ALPHABET[_MORE + number % _MORE] + chars
    return chars


def _unpacked(text: str) -> Iterator[int]:
    """Yield the numbers; a 0 stands for one that is written with a useless first character, or is cut off."""
    number, begun = 0, False
    for digit in map(_DIGITS.__getitem__, text):
        if not begun and digit == _MORE:
            yield 0
        number, begun = number << _NIBBLE | digit % _MORE, digit >= _MORE
        if not begun:
            yield number
            number = 0
    if begun:
        yield 0


def _check(body: str) -> str:
    total = sum(_DIGITS[char] * pow(_BASE, place, _PRIME) for place, char in enumerate(body, start=3))
    total %= _PRIME
    return _ALPHABET[total >> 10] + _ALPHABET[total >> 5 & 31] + _ALPHABET[total & 31]
