"""Statements that are built once: what they read, what they write, and what they count."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from tests.stores import KINDS, empty_database, fresh_database

from wecom_auto.automotive.leads import _tables as t
from wecom_auto.store import change_where, migrate, open_store, rows_where, transaction

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
ROW = {"corp_id": "ww1", "kind": "phone", "at": NOW}


@pytest.fixture(params=KINDS)
def engine(request, tmp_path):
    """A store without rows."""
    with fresh_database(request.param, tmp_path) as url:
        engine = open_store(url)
        yield engine
        engine.dispose()


def test_rows_are_named_by_the_values_of_columns(engine):
    """Only the columns that were asked for, in the order that was asked for; other rows stay out."""
    with transaction(engine) as connection:
        rows = [ROW | {"value": value, "lead_id": lead} for value, lead in (("b", "1"), ("a", "1"), ("c", "2"))]
        connection.execute(sa.insert(t.identities), rows)
        found = rows_where(
            connection,
            t.identities,
            {"corp_id": "ww1", "lead_id": "1"},
            columns=("value", "at"),
            order=("value",),
            lock=True,
        )
        assert [tuple(row) for row in found] == [("a", NOW), ("b", NOW)]


def test_a_change_says_how_many_rows_there_are(engine):
    """None, one and two; a value may be an expression, and may be one of the columns that name the row."""
    with transaction(engine) as connection:
        connection.execute(sa.insert(t.identities), [ROW | {"value": one, "lead_id": "1"} for one in ("a", "b")])
        assert change_where(connection, t.identities, {"corp_id": "ww2"}, {"lead_id": "9"}) == 0
        assert change_where(connection, t.identities, {"corp_id": "ww1", "value": "a"}, {"lead_id": "2"}) == 1
        changed = {"lead_id": t.identities.c.value}
        assert change_where(connection, t.identities, {"corp_id": "ww1", "kind": "phone"}, changed) == 2
        assert change_where(connection, t.identities, {"corp_id": "ww1", "lead_id": "a"}, {"lead_id": "z"}) == 1
        left = rows_where(connection, t.identities, {"corp_id": "ww1"}, columns=("lead_id",), order=("lead_id",))
        assert [*left.scalars()] == ["b", "z"]


LEAD = dict.fromkeys([column.name for column in t.leads.columns if isinstance(column.type, sa.String)], "")
LEAD |= {"corp_id": "ww1", "extra": {}, "inquiries": 1, "rounds": 1, "created_at": NOW, "status": "working"}


@pytest.mark.parametrize("kind", KINDS)
def test_leads_of_before_are_asked_about_as_they_would_have_been(kind, tmp_path):
    """Revision 0019 finds those whose link leads nowhere: not those without one, added, or asked about already."""
    sent = {"plain": {}, "no_link": {"link_sent_at": None}, "added": {"added_at": NOW}, "asked": {}}
    with empty_database(kind, tmp_path) as url:
        engine = open_store(url, migrate=False)
        migrate(engine, "0018")
        old = [column for column in t.leads.columns if column.name != "unadded_since"]
        leads = sa.table("leads", *(sa.column(one.name, one.type) for one in old))
        with engine.begin() as connection:
            for lead_id, differs in sent.items():
                connection.execute(sa.insert(leads), LEAD | {"lead_id": lead_id, "link_sent_at": NOW} | differs)
            entry = {"corp_id": "ww1", "lead_id": "asked", "at": NOW, "what": "not_added", "actor": "", "detail": {}}
            connection.execute(sa.insert(t.history), entry)
        migrate(engine)
        with engine.begin() as connection:
            found = connection.execute(sa.select(t.leads.c.lead_id, t.leads.c.unadded_since)).all()
        engine.dispose()
    assert {row.lead_id: row.unadded_since for row in found} == {**dict.fromkeys(sent), "plain": NOW}
