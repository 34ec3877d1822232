"""Users of the brand's App and customers are one person: bound once, moved on purpose, forgotten on request."""

from __future__ import annotations

from datetime import datetime

import pytest
from tests.stores import KINDS, fresh_database, memory_store

from wecom_auto._time import CHINA
from wecom_auto.automotive.owners import AppBindings, AppUser, Binding
from wecom_auto.directory import Directory
from wecom_auto.errors import ValidationError
from wecom_auto.models import Customer, Follow, FollowedCustomer
from wecom_auto.store import open_store

NOW = datetime(2026, 3, 2, 9, tzinfo=CHINA)


@pytest.mark.parametrize("kind", KINDS)
def test_an_app_user_is_one_customer(kind, tmp_path):
    """On every database: the first one keeps the user until somebody moves them; corps and Apps are kept apart."""
    with fresh_database(kind, tmp_path) as url:
        engine = open_store(url)
        bindings = AppBindings(engine, "ww1", clock=NOW.timestamp)
        assert bindings.bind("u1", "wmA") is Binding.NEW
        assert bindings.bind("u1", "wmA") is Binding.ALREADY
        assert bindings.bind("u1", "wmB") is Binding.TAKEN
        assert bindings.bind("U1", "wmB") is Binding.NEW
        assert bindings.external_userid("u1") == "wmA"
        assert bindings.bind("u1", "wmB", move=True) is Binding.MOVED
        assert bindings.external_userid("u1") == "wmB"
        assert AppBindings(engine, "ww2").external_userid("u1") == ""
        assert AppBindings(engine, "ww1", app="club").external_userid("u1") == ""
        assert bindings.unbind("u1")
        assert not bindings.unbind("u1")
        engine.dispose()


def test_a_customer_may_have_several_app_users():
    """In several Apps, too; all of them are forgotten together."""
    engine = memory_store()
    first = AppBindings(engine, "ww1", clock=NOW.timestamp)
    club = AppBindings(engine, "ww1", app="club", clock=NOW.timestamp)
    first.bind("u1", "wmA")
    club.bind("c9", "wmA")
    first.bind("u2", "wmB")
    users = [
        AppUser(app="app", app_user="u1", external_userid="wmA", bound_at=NOW),
        AppUser(app="club", app_user="c9", external_userid="wmA", bound_at=NOW),
    ]
    assert [*first.app_users("wmA")] == users
    assert first.forget("wmA") == 2
    assert (first.app_users("wmA"), first.external_userid("u2")) == ((), "wmB")
    assert repr(club) == "AppBindings(corp_id='ww1', app='club')"


def test_a_binding_is_an_event_of_the_customer():
    """SOPs ask for it; what was known before is told once."""
    directory = Directory(memory_store(), "ww1", clock=NOW.timestamp)
    bindings = AppBindings(memory_store(), "ww1", directory=directory, clock=NOW.timestamp)
    bindings.bind("u1", "wmA")
    bindings.bind("u1", "wmA")
    bindings.bind("u1", "wmB")
    assert directory.facts("wmA").event("app.bound") == NOW
    assert directory.facts("wmB").event("app.bound") is None


def test_users_are_bound_by_their_unionid():
    """A customer of two members comes twice and is bound once; who is no contact is not in the answer."""
    bindings = AppBindings(memory_store(), "ww1", clock=NOW.timestamp)
    contacts = [
        FollowedCustomer(
            customer=Customer(external_userid=external_userid, unionid=unionid), follow=Follow(userid=userid)
        )
        for external_userid, unionid, userid in (("wmA", "o1", "anna"), ("wmA", "o1", "bert"), ("wmB", "", "anna"))
    ]
    found = bindings.bind_unionids({"u1": "o1", "u2": "o1", "u3": "o3", "u4": ""}, contacts)
    assert found == {"u1": Binding.NEW, "u2": Binding.NEW}
    assert bindings.bind_unionids({"u1": "o1"}, contacts) == {"u1": Binding.ALREADY}
    assert [one.app_user for one in bindings.app_users("wmA")] == ["u1", "u2"]


@pytest.mark.parametrize(
    ("app_user", "external_userid", "field"),
    [("", "wmA", "app_user"), ("u" * 129, "wmA", "app_user"), ("u1", " ", "external_userid")],
    ids=["empty", "long", "blank"],
)
def test_bad_ids_are_refused(app_user, external_userid, field):
    """With the field and its limit."""
    bindings = AppBindings(memory_store(), "ww1")
    with pytest.raises(ValidationError, match=field):
        bindings.bind(app_user, external_userid)
    with pytest.raises(ValidationError, match="app"):
        AppBindings(memory_store(), "ww1", app="")
