"""Delete what says who a lead was; numbers that say nothing about anybody stay. Cannot reach what lies outside."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from wecom_auto.automotive.leads import _books as books
from wecom_auto.automotive.leads import _tables as t
from wecom_auto.automotive.leads._books import Desk
from wecom_auto.automotive.leads._states import AssignmentState
from wecom_auto.store import repeatable, transaction

_GONE: Final = (t.identities, t.rows, t.links, t.consents, t.history, t.notices, t.leads)


@repeatable
def forget(desk: Desk, lead_id: str) -> int:
    """Delete a lead; assignments stay as numbers, without words."""
    count = 0
    with transaction(desk.engine) as connection:
        live = books.live(connection, desk.corp_id, lead_id)
        if live:
            books.close(connection, desk.corp_id, live, AssignmentState.WITHDRAWN, desk.now(), "")
        for table in _GONE:
            ours = (table.c.corp_id == desk.corp_id, table.c.lead_id == lead_id)
            count += connection.execute(sa.delete(table).where(*ours)).rowcount
        said = (t.assignments.c.corp_id == desk.corp_id, t.assignments.c.lead_id == lead_id)
        count += connection.execute(sa.update(t.assignments).where(*said).values(reason="")).rowcount
    return count
