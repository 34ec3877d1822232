"""Keep a customer from being in two SOPs at a time that exclude each other: the one of higher priority goes first.

A SOP that is free excludes nobody and is excluded by nobody, so a recall notice always finds its way.
Reads only.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

import sqlalchemy as sa
from attrs import frozen
from sqlalchemy.engine import Connection

from wecom_auto.sop import store
from wecom_auto.sop._document._policies import Concurrency
from wecom_auto.sop._rows import _tables as t
from wecom_auto.sop._rows import _work
from wecom_auto.sop._runs._judge import Verdict
from wecom_auto.sop._shared._context import Context
from wecom_auto.sop.definition import Definition
from wecom_auto.store import reading


@frozen
class _Active:
    """A SOP that a customer is in."""

    sop: str
    version: int


def excludes(one: Definition, other: Definition) -> bool:
    """Whether a customer may not be in both SOPs at a time."""
    words = {one.policy.concurrency, other.policy.concurrency}
    if Concurrency.FREE in words or one.sop == other.sop or one.target is not other.target:
        return False
    return Concurrency.ONE_PER_CUSTOMER in words or one.category == other.category


def rival_of(context: Context, connection: Connection, definition: Definition, customer: str) -> str:
    """The SOP that this customer is in and that a newcomer has to leave in peace; empty if there is none."""
    if definition.policy.concurrency is Concurrency.FREE:
        return ""
    for active in _active(context, connection, [customer])[customer]:
        other = context.catalogue.known(connection, active.sop, active.version)
        if other is not None and excludes(definition, other) and other.priority >= definition.priority:
            return other.sop
    return ""


def waiting(context: Context, verdicts: Sequence[Verdict]) -> frozenset[int]:
    """Touches whose customer has come into a SOP of higher priority since: they wait until it is over."""
    bound = [
        one
        for one in verdicts
        if one.definition is not None and one.definition.policy.concurrency is not Concurrency.FREE
    ]
    if not bound:
        return frozenset()
    with reading(context.engine) as connection:
        active = _active(context, connection, {one.touch.external_userid for one in bound})
        return frozenset(
            one.touch.id for one in bound if _loses(context, connection, one, active[one.touch.external_userid])
        )


def _loses(context: Context, connection: Connection, one: Verdict, active: Iterable[_Active]) -> bool:
    definition = one.definition
    others = (context.catalogue.known(connection, each.sop, each.version) for each in active)
    return definition is not None and any(
        other is not None and excludes(definition, other) and other.priority > definition.priority for other in others
    )


def _active(context: Context, connection: Connection, customers: Iterable[str]) -> defaultdict[str, list[_Active]]:
    e, found = t.enrolments.c, defaultdict[str, list[_Active]](list)
    for chunk in store.chunked(sorted(customers)):
        mine = (e.corp_id == context.corp_id, e.external_userid.in_(chunk), _work.ACTIVE)
        query = sa.select(e.external_userid, e.sop, e.version).where(*mine).order_by(e.id)
        for row in connection.execute(query):
            found[row.external_userid].append(_Active(row.sop, row.version))
    return found
