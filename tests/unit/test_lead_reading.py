"""Rows become leads: every row is taken, refused with line, column, value and reason, or blank."""

from __future__ import annotations

import io
import json
from contextlib import suppress
from datetime import date, datetime, timedelta

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wecom_auto._time import CHINA
from wecom_auto.automotive.leads import (
    BadRow,
    BlankRow,
    Columns,
    LeadReader,
    LeadRow,
    UnreadableError,
    read_day,
    read_moment,
    read_phone,
)
from wecom_auto.automotive.sheets import Formula
from wecom_auto.errors import ConfigurationError

PHONE = "13800138000"
STORES = {"北京一店": "bj01", "bj01": "bj01"}
HEAD = "姓名,手机,门店,留资日期\n"


def read(text: str | bytes, **options: object):
    """What became of the rows of a table."""
    return list(LeadReader(stores=STORES.get, **options).read(text))


@pytest.mark.parametrize(
    "written",
    [
        PHONE,
        "１３８００１３８０００",
        "+86 138-0013-8000",
        "0086 138 0013 8000",
        "86-13800138000",
        "(138) 0013-8000",
        "138\u200b00138000",
        " 138 0013 8000 ",
        13800138000,
        13800138000.0,
        "13800138000.0",
        "1.3800138000E10",
        "1.3800138000e+10",
        Formula('="x"', PHONE),
        Formula("=A1", 13800138000.0),
    ],
)
def test_a_phone_is_read_however_it_is_written(written):
    """Full-width digits, separators, country codes, numbers and results of formulas are one phone."""
    assert read_phone(written) == PHONE


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("138****8000", "masked_phone"),
        ("1.38E+10", "phone_precision"),
        ("1.381234567E10", "phone_precision"),
        ("13800138000/13900139000", "two_phones"),
        ("010-62000000", "bad_phone"),
        ("1380013800", "bad_phone"),
        ("12800138000", "bad_phone"),
        (1.5, "bad_phone"),
        (True, "bad_phone"),
        ("一三八", "bad_phone"),
        (Formula("=A1+1"), "formula"),
    ],
)
def test_a_phone_that_nobody_can_dial_is_refused(written, reason):
    """Nothing is guessed, and the message does not repeat the number."""
    with pytest.raises(UnreadableError) as refused:
        read_phone(written)
    assert refused.value.reason == reason
    assert "13800138000" not in str(refused.value)


@pytest.mark.parametrize(
    "written",
    [
        "2026-03-01",
        "2026/3/1",
        "2026.3.1",
        "2026年3月1日",
        "２０２６年３月１日",
        "20260301",
        "2026-03-01 10:30",
        "2026/3/1 下午3:05",
        "2026-03-01T10:30:00+08:00",
        46082,
        46082.4375,
        "46082",
        1772323200,
        1772323200000,
        date(2026, 3, 1),
        datetime(2026, 3, 1, 9, tzinfo=CHINA),
        Formula("=TODAY()", date(2026, 3, 1)),
    ],
)
def test_a_day_is_read_in_every_form_of_the_trade(written):
    """Dashes, slashes, dots, Chinese, compact, Excel's count of days, unix seconds and milliseconds."""
    assert read_day(written) == date(2026, 3, 1)


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("3/1/2026", "ambiguous_date"),
        ("03-01-2026", "ambiguous_date"),
        ("1.3.26", "ambiguous_date"),
        ("2026-02-30", "bad_date"),
        ("下周三", "bad_date"),
        ("2026-13-01", "bad_date"),
        ("12", "bad_date"),
        ("99999", "bad_date"),
        (float("nan"), "bad_date"),
        (float("inf"), "bad_date"),
        (Formula("=TODAY()"), "formula"),
    ],
)
def test_a_day_with_two_meanings_or_none_is_refused(written, reason):
    """3/1/2026 is March in America and January elsewhere."""
    with pytest.raises(UnreadableError) as refused:
        read_day(written)
    assert refused.value.reason == reason


def test_a_time_of_day_is_kept():
    """Afternoon and seconds count, in Shanghai."""
    assert read_moment("2026年3月1日 下午3点05分") == datetime(2026, 3, 1, 15, 5, tzinfo=CHINA)


@pytest.mark.parametrize("heading", ["手机号", " 手 机 号 ", "联系电话*", "手机号（必填）", "Phone", "客户手机号:"])
def test_headings_have_many_names(heading):
    """Spaces, stars, brackets, case and full-width forms do not matter."""
    (row,) = read(f"{heading},颜色\n{PHONE},红\n")
    assert row.lead.phone == PHONE
    assert row.lead.extra == {"颜色": "红"}


def test_title_lines_and_two_lines_of_headings_are_left_behind():
    """As a sheet with merged headings looks when it is saved as CSV."""
    (row,) = read(f"一季度线索表,,,\n,,,\n客户,,门店,\n姓名,电话,,时间\n王,{PHONE},北京一店,2026/3/1\n")
    assert (row.number, row.lead.store, row.lead.phone) == (5, "bj01", PHONE)


def test_merged_cells_of_a_workbook_count_for_every_row():
    """A store merged over two rows belongs to both leads, and merged headings are found."""
    book = openpyxl.Workbook()
    sheet = book.active
    for row in (
        ["线索", None, None],
        ["客户信息", None, "门店"],
        ["姓名", "电话", None],
        ["王", 13800138000, "北京一店"],
        ["李", "13800138001", None],
    ):
        sheet.append(row)
    for merged in ("A1:C1", "A2:B2", "C2:C3", "C4:C5"):
        sheet.merge_cells(merged)
    written = io.BytesIO()
    book.save(written)
    assert [(row.lead.phone, row.lead.store) for row in read(written.getvalue())] == [
        (PHONE, "bj01"),
        ("13800138001", "bj01"),
    ]


def test_cells_that_were_merged_in_a_csv_are_filled_if_asked():
    """`fill_down` takes the value of the row above."""
    rows = read(HEAD + f"王,{PHONE},北京一店,\n李,13800138001,,\n", fill_down=("store",))
    assert [row.lead.store for row in rows] == ["bj01", "bj01"]


def test_a_bad_row_says_line_column_value_and_reason_and_good_rows_stay():
    """Every problem of the row is named, personal values are masked."""
    good, bad, blank, last = read(
        HEAD + f"王,{PHONE},北京一店,\n李,138****0000,海口店,3/1/2026\n,,,\n赵,13900139000,,\n"
    )
    assert isinstance(good, LeadRow)
    assert isinstance(blank, BlankRow)
    assert isinstance(last, LeadRow)
    assert isinstance(bad, BadRow)
    assert [(one.column, one.value, one.reason) for one in bad.problems] == [
        ("手机", "1***0", "masked_phone"),
        ("门店", "海口店", "unknown_store"),
        ("留资日期", "3/1/2026", "ambiguous_date"),
    ]
    assert bad.number == 3
    assert "add it" in bad.problems[1].detail


def test_a_formula_is_hostile_text():
    """It is refused in a column that is used, kept as text in one that is not, and never runs."""
    bad, good = read(f'姓名,手机,颜色\n"=HYPERLINK(""http://x"")",{PHONE},红\n王,{PHONE},=1+1\n')
    assert bad.reason == "formula"
    assert good.lead.extra == {"颜色": "=1+1"}


def test_a_lead_needs_somebody():
    """A WeCom id is as good as a phone; without either the row is refused."""
    wecom, nobody = read("姓名,手机,external_userid\n王,,wmAJ2GCAAAXtWyujaWJHDDGi0mAAAA\n李,,\n")
    assert wecom.lead.external_userid == "wmAJ2GCAAAXtWyujaWJHDDGi0mAAAA"
    assert nobody.reason == "missing_phone"


def test_a_future_day_is_refused_if_a_limit_is_given():
    """Excel drags dates: a lead of next year is a mistake."""
    (row,) = read(HEAD + f"王,{PHONE},,2027-03-01\n", latest=datetime(2026, 3, 1, tzinfo=CHINA))
    assert row.reason == "future_date"


def test_a_table_without_usable_headings_is_refused_whole():
    """The message says what is missing."""
    with pytest.raises(ConfigurationError, match="手机"):
        read("颜色,数量\n红,1\n")
    with pytest.raises(ConfigurationError, match="empty"):
        read(b"")


def test_own_headings_win(tmp_path):
    """A file adds headings, or takes them from another field."""
    path = tmp_path / "columns.toml"
    path.write_text('[phone]\nnames = ["号码", "备注"]\n', encoding="utf-8")
    (row,) = list(LeadReader(columns=Columns.from_file(path)).read(f"号码,姓名\n{PHONE},王\n"))
    assert row.lead.phone == PHONE
    path.write_text("[colour]\nnames = []\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="colour"):
        Columns.from_file(path)


def test_a_webhook_body_holds_one_lead_or_many():
    """Under a key or not, with numbers and nested values."""
    one = {"phone": 13800138000, "created_at": 1772323200, "utm": {"a": 1}}
    for body in (one, [one], {"data": [one]}, {"data": one}):
        (row,) = LeadReader().webhook(json.dumps(body))
        assert row.lead.phone == PHONE
        assert row.lead.extra == {"utm": '{"a": 1}'}


@pytest.mark.parametrize("body", ["", "{", "3", "[]", "[1]", b"\xff", "[" * 100_000, "x" * (1 << 21)])
def test_a_body_that_holds_no_leads_is_refused(body):
    """With one clear error, whatever it is."""
    with pytest.raises(ConfigurationError, match="body"):
        LeadReader().webhook(body)


def test_reports_and_reprs_show_no_person():
    """Neither phone nor name stands in what is said about a row, also in the wrong column."""
    rows = read(HEAD + f"王小明,{PHONE},,\n王小明,{PHONE}1,13800138000,138-0013-8000\n")
    assert not any(text in repr(rows) for text in ("王小明", PHONE, "138-0013"))


@given(st.one_of(st.text(), st.floats(), st.integers(), st.booleans(), st.datetimes(), st.none()))
def test_a_cell_of_any_kind_is_read_or_refused(cell):
    """No cell breaks a reader."""
    for reader in (read_phone, read_day):
        with suppress(UnreadableError):
            reader(cell)


@given(st.integers(min_value=0, max_value=10**9 - 1), st.sampled_from(["{}", "+86 {}", "{}.0", " {} "]))
def test_every_mobile_number_is_read(tail, form):
    """No good phone is lost."""
    phone = f"13{tail:09}"
    assert read_phone(form.format(phone)) == phone


@given(st.dates(min_value=date(1990, 1, 1), max_value=date(2099, 12, 31)))
def test_every_day_is_read_in_five_forms(day):
    """No good day is lost."""
    forms = ["%Y-%m-%d", "%Y/%m/%d", "%Y年%m月%d日", "%Y%m%d", "%Y.%m.%d"]
    assert {read_day(day.strftime(form)) for form in forms} == {day}
    assert read_day((day - date(1899, 12, 30)).days) == day


@given(
    st.lists(st.lists(st.text(alphabet=st.characters(codec="utf-8", exclude_characters='"')), max_size=6), max_size=8)
)
def test_a_good_row_survives_bad_neighbours(rows):
    """Whatever stands between them, the good rows at both ends are leads."""
    between = "".join(",".join(row).replace("\r", "").replace("\n", "") + "\n" for row in rows)
    found = read(HEAD + f"王,{PHONE},北京一店,2026-03-01\n" + between + "李,13900139000,,\n")
    leads = [row.lead.phone for row in found if isinstance(row, LeadRow)]
    assert leads[0] == PHONE
    assert leads[-1] == "13900139000"


@given(st.binary(max_size=200))
def test_any_bytes_below_the_headings_are_rows(raw):
    """Any bytes are read, or refused with one clear error."""
    try:
        rows = read(HEAD.encode() + raw)
    except ConfigurationError:
        return
    assert all(isinstance(row, LeadRow | BadRow | BlankRow) for row in rows)


def test_a_day_may_be_today():
    """The limit leaves a day for senders whose clocks differ."""
    now = datetime(2026, 3, 1, tzinfo=CHINA)
    (row,) = read(HEAD + f"王,{PHONE},,2026-03-01\n", latest=now - timedelta(hours=2))
    assert isinstance(row, LeadRow)
