from __future__ import annotations

import csv
import io
from datetime import date
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wecom_auto._demo._leads import COLUMNS, OWNER, LeadList, read_leads
from wecom_auto._demo._people import extend
from wecom_auto._demo._world import START, STORES
from wecom_auto.errors import ConfigurationError

NAMES = [store.name for store in STORES]
GOOD = ("王女士", "19900000001", "北京一店", "潜客", "2026-03-02", "远途 X7", "")
ROOT = Path(__file__).parents[2]


def listing(*rows: tuple[str, ...]) -> bytes:
    """A lead list with these rows, as a file."""
    written = io.StringIO()
    csv.writer(written).writerows([COLUMNS, *rows])
    return written.getvalue().encode()


def changed(**cells: str) -> tuple[str, ...]:
    """The good row with other cells; the columns are named phone, store, kind, left, model and ends."""
    names = ("name", "phone", "store", "kind", "left", "model", "ends")
    return tuple(cells.get(name, cell) for name, cell in zip(names, GOOD, strict=True))


def read(*rows: tuple[str, ...]) -> LeadList:
    """Read a list of these rows."""
    return read_leads(listing(*rows), NAMES)


def test_good_row_is_accepted():
    """A row without mistakes becomes a lead with its line."""
    (lead,) = read(GOOD).accepted
    assert (lead.line, lead.phone, lead.store, lead.left_on) == (2, "19900000001", "北京一店", date(2026, 3, 2))


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (changed(phone=""), "missing_phone"),
        (changed(phone=" 　"), "missing_phone"),
        (changed(phone="1990000000"), "bad_phone"),
        (changed(phone="010-62000000"), "bad_phone"),
        (changed(phone="一九九零零零零零零零一"), "bad_phone"),
        (changed(store="海口九店"), "unknown_store"),
        (changed(store=""), "unknown_store"),
        (changed(kind="朋友"), "unknown_kind"),
        (changed(left="2026-02-30"), "bad_date"),
        (changed(left="下周三"), "bad_date"),
        (changed(left=""), "bad_date"),
        (changed(ends="2026-13-01"), "bad_date"),
        (("", "", "", "", "", "", ""), "blank"),
        ((), "blank"),
        (GOOD[:5], "wrong_columns"),
        ((*GOOD, "?"), "wrong_columns"),
        (changed(name="王\n女士"), "open_quote"),
    ],
)
def test_awkward_row_is_refused_with_its_line_and_reason(row, reason):
    """Each kind of mistake has its own reason, and the rows around it are read."""
    after = changed(phone="19900000002")
    leads = read(GOOD, row, after)
    assert [(one.line, one.reason) for one in leads.refused] == [(3, reason)]
    assert [lead.phone for lead in leads.accepted] == [GOOD[1], after[1]]


@pytest.mark.parametrize(
    ("row", "how"),
    [
        (changed(phone="１９９００００００７７"), "full_width_digits"),
        (changed(phone="+86 199-0000-0077"), "phone_separators"),
        (changed(phone="0086 199 0000 0077"), "phone_separators"),
        (changed(phone="19900000077", left="2026/3/2"), "date_form"),
        (changed(phone="19900000077", left="２０２６年３月２日"), "date_form"),
    ],
)
def test_row_with_one_meaning_is_mended(row, how):
    """What can be read in one way only is accepted, and the list says what was mended."""
    (lead,) = read(row).accepted
    assert (lead.phone, lead.left_on, lead.repaired) == ("19900000077", date(2026, 3, 2), (how,))


def test_same_phone_in_two_spellings_is_a_duplicate():
    """The second row of a person is refused and names the line of the first."""
    leads = read(GOOD, changed(phone="+86 199 0000 0001"))
    assert [(one.line, one.reason, one.detail) for one in leads.refused] == [
        (3, "duplicate", "the same phone as line 2")
    ]


def test_refused_row_does_not_make_the_next_one_a_duplicate():
    """A person whose first row was unusable may be taken from the second."""
    assert len(read(changed(store="?"), GOOD).accepted) == 1


def test_unclosed_quote_swallows_no_row_silently():
    """A stray quotation mark eats the lines after it: the refusal says how many."""
    raw = listing(GOOD).decode() + '"王,19900000005,北京一店\r\n李,19900000006,北京一店,潜客,2026-03-02,,\r\n'
    (refused,) = read_leads(raw, NAMES).refused
    assert (refused.line, refused.reason) == (3, "open_quote")
    assert "2 lines" in refused.detail


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk"])
def test_encodings_of_chinese_offices(encoding):
    """UTF-8 with and without a mark, and what Excel writes, give the same lead."""
    raw = listing(GOOD).decode().encode(encoding)
    assert read_leads(raw, NAMES).accepted == read(GOOD).accepted


def test_file_that_is_no_lead_list_is_refused_whole():
    """Missing columns are named, and nothing is guessed."""
    with pytest.raises(ConfigurationError, match="手机"):
        read_leads("姓名,电话\n王,1\n".encode(), NAMES)
    with pytest.raises(ConfigurationError, match="UTF-8"):
        read_leads(b"\xff\xfe\xff\x81", NAMES)
    with pytest.raises(ConfigurationError, match="columns"):
        read_leads(b"", NAMES)


def test_columns_may_come_in_any_order():
    """Columns are found by name, more of them do no harm."""
    raw = "备注,手机,姓名,门店,留资日期,类型,意向车型,保险到期\nx,19900000001,王,北京一店,2026-03-02,车主,,2026-05-01\n"
    (lead,) = read_leads(raw.encode(), NAMES).accepted
    assert (lead.kind, lead.insurance_ends) == (OWNER, date(2026, 5, 1))


@given(st.lists(st.lists(st.text(max_size=15), max_size=9), max_size=20))
def test_no_row_is_lost(rows):
    """Whatever the rows hold, each is accepted or refused, once, with its own line."""
    leads = read(*map(tuple, rows))
    assert leads.rows == len(leads.accepted) + len(leads.refused)
    lines = [one.line for one in leads.accepted] + [one.line for one in leads.refused]
    assert len(set(lines)) == len(lines)


@given(st.binary(max_size=200))
def test_garbage_never_breaks_the_reader(raw):
    """Any bytes are read, or refused with one clear error."""
    header = ",".join(COLUMNS).encode() + b"\n"
    try:
        leads = read_leads(header + raw, NAMES)
    except ConfigurationError:
        return
    assert leads.rows == len(leads.accepted) + len(leads.refused)


def test_no_phone_in_what_is_said_about_rows():
    """Reasons, details and reprs show no phone, also when it stands in the wrong column."""
    leads = read(changed(phone="199000000019"), changed(left="19900000002"), changed(store="19900000003"), GOOD)
    shown = repr(leads)
    assert "1990000000" not in shown


def test_shipped_list_has_every_kind_of_awkward_row():
    """The list of the demonstration shows what real lists have."""
    leads = read_leads((files("wecom_auto._demo") / "leads.csv").read_bytes(), NAMES)
    reasons = {one.reason for one in leads.refused}
    assert {"missing_phone", "duplicate", "bad_date", "unknown_store", "blank", "bad_phone"} <= reasons
    mended = {how for lead in leads.accepted for how in lead.repaired}
    assert mended == {"full_width_digits", "phone_separators", "date_form"}
    assert any(lead.kind == OWNER and lead.insurance_ends for lead in leads.accepted)


@pytest.mark.parametrize("name", ["leads.csv", "sop/prospect.toml", "sop/insurance.toml", "sop/contents.toml"])
def test_package_ships_the_examples(name):
    """What an installed wheel plays is what `examples/` shows, byte for byte."""
    packaged = (files("wecom_auto._demo") / name).read_bytes()
    assert packaged == (ROOT / "examples" / Path(name).name).read_bytes()


def test_longer_list_is_invented_reproducibly():
    """More people are added after the shipped rows, the same ones for the same seed."""
    shipped = (files("wecom_auto._demo") / "leads.csv").read_text(encoding="utf-8-sig")
    longer = [extend(shipped, 300, NAMES, START.date(), seed) for seed in (7, 7, 8)]
    assert longer[0] == longer[1] != longer[2]
    assert longer[0].startswith(shipped)
    leads = read_leads(longer[0], NAMES)
    assert leads.rows == 300
    assert "duplicate" not in {one.reason for one in leads.refused if one.line > 121}
