"""The add rate of owners (老车主企微添加率): the list of a DMS against the contacts of the corp. Pure: it calls nobody.

No call of the platform finds a person by phone, so an owner is recognised by what contacts carry: their id, their
unionid, and the phones that a member wrote into the remark (备注手机号). Who was added without one of them is not
found, so the rate is at least what it says.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Final

from attrs import field, frozen

from wecom_auto.automotive.leads import Metric, UnreadableError, read_phone
from wecom_auto.errors import ValidationError
from wecom_auto.models import FollowedCustomer

_RATE: Final = "车主加微率: owners of the list who are contacts ÷ owners of the list, each person once; at least"


@frozen(kw_only=True)
class Owner:
    """A line of the owner list; ``repr`` shows nobody.

    Attributes:
        key: What your system calls the line: a VIN (车架号), a customer number.
        store: Code of the store that looks after the car; empty for none.
        phone: Mobile number, as people write it.
        unionid: In WeChat.
        external_userid: In the corp.
    """

    key: str
    store: str = ""
    phone: str = field(default="", repr=False)
    unionid: str = field(default="", repr=False)
    external_userid: str = field(default="", repr=False)


@frozen(kw_only=True)
class OwnerCoverage:
    """How many owners are contacts.

    Attributes:
        store: Code of the store; None for the whole list.
        owners: How many people; somebody with three cars is one.
        added: How many of them are contacts.
        rate: The add rate, with its definition; small below 30 owners.
        missing: The lines of those who are not, in the order of the list: whom to invite.
    """

    store: str | None
    owners: int
    added: int
    rate: Metric
    missing: tuple[str, ...] = ()


def owner_coverage(
    owners: Iterable[Owner], contacts: Iterable[FollowedCustomer], *, target: float | None = None
) -> tuple[OwnerCoverage, ...]:
    """Say which owners are contacts, for the whole list first and then for each store.

    Args:
        owners: The list, from your DMS.
        contacts: From `customers.iter_all`; read once, nothing of them is kept.
        target: What the rate is compared with; the trade names no figure.

    Raises:
        ValidationError: A line says nothing by which somebody could be recognised, or holds no phone number; the
            message names its key and not the number.
    """
    people = _People()
    lines = [(one, people.add(_marks(one))) for one in owners]
    found = {people.root(number) for one in contacts for number in people.known(_seen(one))}
    # Lines that come later join earlier ones, so who is who is asked when all are there.
    known = [(one, people.root(number)) for one, number in lines]
    by_store: defaultdict[str, list[tuple[Owner, int]]] = defaultdict(list)
    for line in known:
        by_store[line[0].store].append(line)
    stores = [(store, mine) for store, mine in sorted(by_store.items()) if store]
    return (_count(None, known, found, target), *(_count(store, mine, found, target) for store, mine in stores))


def _marks(owner: Owner) -> list[tuple[str, str]]:
    try:
        phone = read_phone(owner.phone)
    except UnreadableError as error:
        raise ValidationError(field=f"owner {owner.key}: phone", value="no number", limit=error.reason) from None
    marks = {"phone": phone, "unionid": owner.unionid, "external_userid": owner.external_userid}
    if not any(marks.values()):
        raise ValidationError(field=f"owner {owner.key}", value="nothing", limit="a phone, unionid or external_userid")
    return [(kind, value) for kind, value in marks.items() if value]


def _seen(contact: FollowedCustomer) -> Iterator[tuple[str, str]]:
    yield "external_userid", contact.customer.external_userid
    yield "unionid", contact.customer.unionid
    for text in contact.follow.remark_mobiles:
        try:
            yield "phone", read_phone(text)
        except UnreadableError:  # A member may write anything there.
            continue


class _People:
    """Lines that are one person: whatever they share joins them."""

    def __init__(self) -> None:
        self._parent: list[int] = []
        self._by_mark: dict[tuple[str, str], int] = {}

    def add(self, marks: Iterable[tuple[str, str]]) -> int:
        """Add a line; return its number."""
        number = len(self._parent)
        self._parent.append(number)
        for mark in marks:
            self._parent[self.root(number)] = self.root(self._by_mark.setdefault(mark, number))
        return number

    def root(self, number: int) -> int:
        """The line that stands for the person."""
        while (above := self._parent[number]) != number:
            self._parent[number] = self._parent[above]
            number = above
        return number

    def known(self, marks: Iterable[tuple[str, str]]) -> Iterator[int]:
        """The lines that carry one of the marks."""
        return (self._by_mark[mark] for mark in marks if mark in self._by_mark)


def _count(store: str | None, mine: list[tuple[Owner, int]], found: set[int], target: float | None) -> OwnerCoverage:
    everybody = {person for _, person in mine}
    cases, added = len(everybody), len(everybody & found)
    value = added / cases if cases else None
    rate = Metric(name="owner_add_rate", value=value, unit="share", cases=cases, definition=_RATE, target=target)
    missing = tuple(one.key for one, person in mine if person not in found)
    return OwnerCoverage(store=store, owners=cases, added=added, rate=rate, missing=missing)
