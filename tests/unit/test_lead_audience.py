"""An audience for advertising holds hashes of those who have agreed, and of nobody else."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import pytest
from tests.stores import memory_store
from tests.unit._lead_stage import TEN, Stage, new

from wecom_auto.automotive.leads import ConsentRecord, LeadDesk, LeadKeys, NewLead, export_audience
from wecom_auto.errors import ValidationError


@pytest.fixture
def desk() -> Iterator[LeadDesk]:
    """A desk in memory."""
    engine = memory_store()
    yield Stage.open(engine).desk()
    engine.dispose()


def agreed(recipient: str = "腾讯广告", purpose: str = "advertising") -> ConsentRecord:
    """A consent that names who gets the data."""
    return ConsentRecord(purpose=purpose, recipient=recipient, text_version="v3", evidence="form 17", at=TEN)


def written(desk: LeadDesk, path, **more):
    """Export everybody."""
    leads = desk.leads(limit=100)
    return export_audience(desk, leads, path, purpose="advertising", recipient="腾讯广告", **more)


@pytest.mark.parametrize("algorithm", ["sha256", "md5"])
def test_only_those_who_agreed_to_this_recipient_are_written(desk, tmp_path, algorithm):
    """Another recipient, another purpose, and a consent taken back are none."""
    path = tmp_path / "audience.txt"
    for number, consent in enumerate(
        [agreed(), agreed("别家"), agreed(purpose="sms"), agreed(), None, agreed("")], start=13_900_000_001
    ):
        lead_id = desk.take(new(phone=str(number)), consents=[consent] if consent else []).lead_id
        if number == 13_900_000_004:
            desk.consents.withdraw(lead_id, "advertising", evidence="call")
    report = written(desk, path, algorithm=algorithm)
    assert (report.written, report.no_consent, report.no_phone, report.doubled) == (1, 5, 0, 0)
    assert path.read_text() == hashlib.new(algorithm, b"13900000001").hexdigest() + "\n"
    assert path.stat().st_mode & 0o077 == 0
    assert [one.name for one in tmp_path.iterdir()] == ["audience.txt"]


def test_hashes_are_in_no_order_that_tells_anything(desk, tmp_path):
    """Sorted by hash, whoever came first."""
    for number in range(13_900_000_001, 13_900_000_021):
        desk.take(new(phone=str(number)), consents=[agreed()])
    report = written(desk, tmp_path / "a")
    lines = (tmp_path / "a").read_text().split()
    assert report.written == len(lines) == 20
    assert lines == sorted(lines)


def test_a_lead_without_a_number_is_counted_and_left_out(desk, tmp_path):
    """A contact of WeCom, and a desk that keeps no numbers."""
    desk.take(NewLead(external_userid="wm1", store="s1"), consents=[agreed()])
    assert written(desk, tmp_path / "a").no_phone == 1
    assert (tmp_path / "a").read_text() == ""
    engine = memory_store()
    forgetful = Stage.open(engine)
    other = forgetful.desk(keys=LeadKeys("k" * 32, keep_phones=False))
    other.take(new(), consents=[agreed()])
    assert written(other, tmp_path / "b").no_phone == 1
    engine.dispose()


@pytest.mark.parametrize(("field", "value"), [("purpose", ""), ("recipient", ""), ("algorithm", "crc32")])
def test_what_cannot_be_meant_is_refused_before_a_file_is_made(desk, tmp_path, field, value):
    """Nothing is written for nobody in particular."""
    options = {"purpose": "advertising", "recipient": "x"} | {field: value}
    with pytest.raises(ValidationError, match=field):
        export_audience(desk, [], tmp_path / "a", **options)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_finished_leaves_the_old_one(desk, tmp_path):
    """An error in the middle of the leads writes nothing."""
    path = tmp_path / "a"
    path.write_text("old")

    def broken():
        raise ConnectionError
        yield

    with pytest.raises(ConnectionError):
        export_audience(desk, broken(), path, purpose="advertising", recipient="x")
    assert path.read_text() == "old"
    assert [one.name for one in tmp_path.iterdir()] == ["a"]
