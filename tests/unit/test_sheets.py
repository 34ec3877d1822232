"""Tables as dealers send them: encodings, separators, open quotation marks, workbooks with merged cells."""

from __future__ import annotations

import io
import tracemalloc
import zipfile
from datetime import date, datetime

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wecom_auto.automotive.sheets import Formula, Line, decode_table, harmless, read_csv, read_sheet, text_of
from wecom_auto.errors import ConfigurationError

TEXT = "姓名,手机\r\n王女士,13800138000\r\n李“先生”,１３８\r\n"


def texts(source: bytes | str) -> list[list[str]]:
    """What stands in the cells."""
    return [[text_of(cell) for cell in line.cells] for line in read_csv(source)]


def workbook(fill, **options: object) -> bytes:
    """A workbook whose first sheet is filled by a function."""
    book = openpyxl.Workbook()
    fill(book.active)
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]
)
def test_every_encoding_gives_the_same_cells(encoding):
    """The encodings of Chinese offices are told apart by the file itself."""
    assert texts(TEXT.encode(encoding)) == texts(TEXT)


@pytest.mark.parametrize("separator", [",", "\t", ";", "，"])
def test_the_separator_is_found(separator):
    """Comma, tab (Excel's Unicode text), semicolon and the full-width comma separate."""
    assert texts(f"姓名{separator}手机\n王{separator}1\n") == [["姓名", "手机"], ["王", "1"]]


def test_bytes_that_are_no_text_spoil_their_own_line_only():
    """A broken character marks its line; the others are read."""
    lines = list(read_csv("姓名,手机\n王,1\n".encode() + b"\xff\xff,2\n" + "李,3\n".encode()))
    assert [line.broken for line in lines] == [False, False, True, False]
    assert text_of(lines[3].cells[0]) == "李"


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_one_broken_byte_does_not_change_the_encoding_of_a_long_table(encoding):
    """The other lines stay readable in either encoding."""
    rows = "".join(f"王女士第{number}位,北京市朝阳区,{number}\n" for number in range(200))
    raw = ("姓名,地址,序号\n" + rows).encode(encoding)
    broken = raw[:-4] + b"\xff" + raw[-4:]
    lines = list(read_csv(broken))
    assert text_of(lines[0].cells[1]) == "地址"
    assert [line.broken for line in lines[:-1]] == [False] * 200


def test_a_remark_full_of_chinese_commas_separates_nothing():
    """The separator of the table is the one of its lines, not the most frequent sign."""
    assert texts("姓名,备注\n王,很好，不错，可以，再来\n") == [["姓名", "备注"], ["王", "很好,不错,可以,再来"]]


@pytest.mark.parametrize("rows", [1, 2, 5])
def test_a_tab_in_the_cells_of_a_short_table_separates_nothing(rows):
    """The headings have commas, so the rows have, too, whatever somebody has typed into them."""
    assert texts("姓名,手机,门店\n" + "王\t,1,一店\n" * rows)[0] == ["姓名", "手机", "门店"]


def test_a_title_of_other_signs_decides_nothing():
    """Where the first line is a title, the lines below it say how the table is separated."""
    assert texts("三月，线索汇总\n姓名\t手机\n王\t1\n")[1:] == [["姓名", "手机"], ["王", "1"]]


def test_an_open_quotation_mark_costs_its_own_line_only():
    """What it would swallow is read line by line."""
    lines = list(read_csv('a,b\n"x,1\ny,2\nz,3\n'))
    assert [(line.number, line.swallowed) for line in lines] == [(1, 0), (2, 3), (3, 0), (4, 0)]
    assert [text_of(cell) for cell in lines[3].cells] == ["z", "3"]


def test_an_open_quotation_mark_in_a_long_file_costs_nothing_but_its_line():
    """The reader gives up on a record after 128 Ki characters and reads its lines one by one."""
    rows = "".join(f"name{number},{number}\n" for number in range(20_000))
    lines = list(read_csv(f'a,b\n"x,1\n{rows}'))
    assert [text_of(cell) for cell in lines[-1].cells] == ["name19999", "19999"]
    assert len(lines) == 20_002


def test_a_cell_over_two_lines_is_one_cell_and_its_lines_stay_at_hand():
    """A quoted remark with a line break is one row, which also knows its lines."""
    _, line, after = read_csv('a,b\n"x\ny",1\nz,2\n')
    assert [text_of(cell) for cell in line.cells] == ["x\ny", "1"]
    assert [part.number for part in line.parts] == [2, 3]
    assert after.number == 4


def test_excels_text_formula_is_text_and_other_formulas_are_marked():
    """``="138…"`` keeps digits; anything else beginning with = is a formula, which nobody runs."""
    (line,) = read_csv('"=""13800138000""","=cmd|\'/c calc\'!A0"\n')
    assert line.cells[0] == "13800138000"
    assert line.cells[1] == Formula("=cmd|'/c calc'!A0")
    assert harmless("=1+1") == "'=1+1"


def test_a_workbook_has_values_results_and_merged_cells():
    """Days stay days, a merged range has its value in every cell, a formula without a result is a formula."""

    def fill(sheet) -> None:
        sheet.append(["线索表", None, None])
        sheet.merge_cells("A1:C1")
        sheet.append(["一店", 13800138000, date(2026, 3, 1)])
        sheet.append([None, 1.5, "=1+1"])
        sheet.merge_cells("A2:A3")

    lines = list(read_sheet(workbook(fill)))
    assert [text_of(cell) for cell in lines[0].cells] == ["线索表"] * 3
    assert lines[1].cells == ("一店", 13800138000, datetime(2026, 3, 1))  # noqa: DTZ001 - a workbook knows no zones
    assert lines[2].cells[:2] == ("一店", 1.5)
    assert lines[2].cells[2] == Formula("=1+1")


def test_a_formula_with_a_stored_result_counts_as_its_result():
    """What Excel has calculated stands beside the formula."""
    raw = workbook(lambda sheet: sheet.append(["=A2"]))
    with zipfile.ZipFile(io.BytesIO(raw)) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    parts["xl/worksheets/sheet1.xml"] = parts["xl/worksheets/sheet1.xml"].replace(b"<v />", b"<v>42</v>")
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as new:
        for name, content in parts.items():
            new.writestr(name, content)
    (line,) = read_sheet(written.getvalue())
    assert text_of(line.cells[0]) == "42"


@pytest.mark.parametrize(
    ("raw", "what"),
    [
        (b"\xd0\xcf\x11\xe0rest", "xls"),
        (b"PK\x03\x04rest", "damaged"),
    ],
)
def test_what_is_no_workbook_is_refused_with_advice(raw, what):
    """An old or a damaged workbook is one clear message."""
    with pytest.raises(ConfigurationError, match=what):
        list(read_sheet(raw))


def test_an_unknown_sheet_is_refused_with_the_names():
    """The message names the sheets that are there."""
    with pytest.raises(ConfigurationError, match="Sheet"):
        list(read_sheet(workbook(lambda sheet: sheet.append(["a"])), sheet="线索"))


def test_text_that_is_neither_is_refused_when_it_is_wanted_whole():
    """`decode_table` does not hide broken characters."""
    with pytest.raises(ConfigurationError, match="UTF-8"):
        decode_table(b"abc\xff\xff\xff")


@pytest.mark.slow
def test_memory_does_not_grow_with_the_file(tmp_path):
    """200,000 rows are read in the memory of a few thousand."""
    path = tmp_path / "many.csv"
    with path.open("w", encoding="gb18030") as file:
        file.write("姓名,手机\n")
        file.writelines(f"王{number},13{number:09}\n" for number in range(200_000))
    tracemalloc.start()
    count = sum(1 for _ in read_sheet(path))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 200_001
    assert peak < 8_000_000


@given(st.binary(max_size=300))
def test_any_bytes_are_lines(raw):
    """Whatever a file holds, the reader comes to its end and numbers lines upwards."""
    numbers = [line.number for line in read_csv(raw)]
    assert numbers == sorted(set(numbers))


CELLS = st.text(alphabet="abc王李1 ", max_size=8)


@given(st.lists(st.tuples(CELLS, CELLS, CELLS), max_size=8))
def test_unquoted_rows_survive_an_open_quotation_mark(rows):
    """Rows without quotation marks come through, whatever stands before them."""
    body = "".join(",".join(row) + "\n" for row in rows)
    lines = list(read_csv('a,b,c\n"open,1,2\n' + body))
    assert [line.cells for line in lines[2:]] == rows


def test_a_line_shows_no_cell():
    """Rows hold phones: their repr does not."""
    assert "138" not in repr(Line(1, ("13800138000",)))
