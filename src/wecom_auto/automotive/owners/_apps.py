"""Users of the brand's App and customers of WeCom as one person (App 绑定). Logs nobody in, and guesses nothing."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final

import sqlalchemy as sa
from attrs import frozen
from sqlalchemy.engine import Engine

from wecom_auto._time import Clock, from_unix
from wecom_auto.automotive.owners._tables import app_users
from wecom_auto.directory import Directory
from wecom_auto.errors import ValidationError
from wecom_auto.models import FollowedCustomer
from wecom_auto.store import change_where, insert_once, reading, repeatable, rows_where, transaction

BOUND: Final = "app.bound"
"""The event of a customer who is known as a user of the App."""
_USER, _CUSTOMER, _APP = 128, 64, 64
_A: Final = app_users.c


class Binding(StrEnum):
    """What became of a binding."""

    NEW = "new"
    ALREADY = "already"
    """It was so before."""
    MOVED = "moved"
    """It was another customer's, and is this one's now."""
    TAKEN = "taken"
    """It is another customer's, and stays so."""


@frozen(kw_only=True)
class AppUser:
    """A user of the App.

    Attributes:
        app: Which App.
        app_user: Their id there.
        external_userid: The customer.
        bound_at: Since when.
    """

    app: str
    app_user: str
    external_userid: str
    bound_at: datetime


class AppBindings:
    """Which customer is which user of the brand's App.

    An App user is one customer; a customer may have several App users.

    Args:
        engine: From `wecom_auto.store.open_store`.
        corp_id: The corp.
        app: Which App, for brands with several; up to 64 characters.
        directory: Learns the event ``app.bound`` of every new binding, which SOPs and tag rules ask for.
        clock: Unix seconds of "now".
    """

    def __init__(
        self,
        engine: Engine,
        corp_id: str,
        *,
        app: str = "app",
        directory: Directory | None = None,
        clock: Clock = time.time,
    ) -> None:
        _words("app", app, _APP)
        self._engine = engine
        self._corp_id = corp_id
        self._app = app
        self._directory = directory
        self._clock = clock

    def __repr__(self) -> str:
        return f"AppBindings(corp_id={self._corp_id!r}, app={self._app!r})"

    def bind(self, app_user: str, external_userid: str, *, move: bool = False) -> Binding:
        """Say that a user of the App is a customer.

        Args:
            app_user: Their id in the App, up to 128 characters.
            external_userid: The customer.
            move: Take the user away from another customer, if they are one; `TAKEN` otherwise.

        Raises:
            ValidationError: An id is empty, or too long.
        """
        _words("app_user", app_user, _USER)
        _words("external_userid", external_userid, _CUSTOMER)
        now = from_unix(self._clock())
        found = self._bind(app_user, external_userid, now, move=move)
        if self._directory is not None and found in {Binding.NEW, Binding.MOVED}:
            self._directory.record_event(external_userid, BOUND, now)
        return found

    def bind_unionids(self, users: Mapping[str, str], contacts: Iterable[FollowedCustomer]) -> dict[str, Binding]:
        """Bind users whose unionid the App knows from their log-in by WeChat; run it every night.

        An app of your own cannot ask for a customer by unionid, so the contacts are read through instead.

        Args:
            users: The unionid of each App user; those without one are passed over.
            contacts: From `customers.iter_all`; read once.

        Returns:
            What became of each user who is a contact.
        """
        by_unionid: dict[str, list[str]] = {}
        for app_user, unionid in users.items():
            if unionid:
                by_unionid.setdefault(unionid, []).append(app_user)
        found: dict[str, Binding] = {}
        for one in contacts:
            # A customer comes once for each member who has them.
            for app_user in by_unionid.pop(one.customer.unionid, ()):
                found[app_user] = self.bind(app_user, one.customer.external_userid)
        return found

    def external_userid(self, app_user: str) -> str:
        """Return which customer a user of the App is; empty if nobody knows.

        Args:
            app_user: Their id in the App.
        """
        with reading(self._engine) as connection:
            found = rows_where(connection, app_users, self._key(app_user), columns=("external_userid",)).scalar()
        return str(found or "")

    def app_users(self, external_userid: str) -> tuple[AppUser, ...]:
        """List what a customer is called in the corp's Apps, the first one first.

        Args:
            external_userid: The customer.
        """
        mine = (_A.corp_id == self._corp_id, _A.external_userid == external_userid)
        columns = (_A.app, _A.app_user, _A.external_userid, _A.bound_at)
        query = sa.select(*columns).where(*mine).order_by(_A.bound_at, _A.app, _A.app_user)
        with reading(self._engine) as connection:
            return tuple(AppUser(**row) for row in connection.execute(query).mappings())

    @repeatable
    def unbind(self, app_user: str) -> bool:
        """Forget which customer a user of the App is; False if nobody knew."""
        here = (_A.corp_id == self._corp_id, _A.app == self._app, _A.app_user == app_user)
        with transaction(self._engine) as connection:
            return connection.execute(sa.delete(app_users).where(*here)).rowcount == 1

    @repeatable
    def forget(self, external_userid: str) -> int:
        """Delete what a customer is called in all Apps (个人信息保护法 Art. 47); return how many there were."""
        mine = (_A.corp_id == self._corp_id, _A.external_userid == external_userid)
        with transaction(self._engine) as connection:
            return connection.execute(sa.delete(app_users).where(*mine)).rowcount

    @repeatable
    def _bind(self, app_user: str, external_userid: str, now: datetime, *, move: bool) -> Binding:
        key = self._key(app_user)
        with transaction(self._engine) as connection:
            if insert_once(connection, app_users, {**key, "external_userid": external_userid, "bound_at": now}):
                return Binding.NEW
            # Locked: of two who move the same user one waits, and sees what the other has made.
            held = rows_where(connection, app_users, key, columns=("external_userid",), lock=True).scalar()
            if held == external_userid:
                return Binding.ALREADY
            if not move:
                return Binding.TAKEN
            change_where(connection, app_users, key, {"external_userid": external_userid, "bound_at": now})
            return Binding.MOVED

    def _key(self, app_user: str) -> dict[str, str]:
        return {"corp_id": self._corp_id, "app": self._app, "app_user": app_user}


def _words(field: str, value: str, most: int) -> None:
    if not value.strip() or len(value) > most:
        raise ValidationError(field=field, value=f"{len(value)} characters", limit=f"1 to {most} characters")
