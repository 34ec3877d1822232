"""Write leads.csv (GBK) and leads.xlsx: lead lists as dealers send them, mistakes included.

Run it in this folder: ``python make_leads.py``. People and numbers are made up.
"""

from __future__ import annotations

import csv
import sys
from datetime import date
from pathlib import Path

from openpyxl import Workbook

HEADINGS = ("客户姓名", "联系电话", "意向门店", "留资时间", "来源渠道", "意向车型", "颜色")
ROWS = (
    ("王女士", "19900000101", "北京一店", "2026-03-01", "朋友圈广告", "远途 X7", "白"),
    ("李先生", "１９９０００００１０２", "北京朝阳店", "2026/3/1", "官网", "远途 S5", ""),
    ("赵先生", "+86 199-0000-0103", "深圳一店", "2026年3月1日", "垂媒", "远途 X7", ""),
    ("钱女士", "1.9900000104E+10", "bj01", "20260301", "车展", "", "红"),
    ("孙先生", "19900000105.0", "深圳一店", "46082", "直播", "远途 GT", ""),
    ("王女士", "199 0000 0101", "北京一店", "2026-03-02", "垂媒", "远途 GT", ""),
    ("周女士", "199****0106", "广州一店", "2026-03-01", "朋友圈广告", "", ""),
    ("吴先生", "19900000107", "海口店", "2026-03-01", "官网", "", ""),
    ("郑女士", "19900000108", "广州一店", "3/1/2026", "官网", "", ""),
    ("冯先生", "", "广州一店", "2026-03-01", "官网", "", ""),
    ("=HYPERLINK(1)", "19900000110", "广州一店", "2026-03-01", "官网", "", ""),
    ("", "", "", "", "", "", ""),
    ("陈先生", "19900000112", "广州一店", "2026-02-28 18:30", "官网", "远途 E3", "=1+1"),
)


def write_csv(path: Path) -> None:
    """As Excel in China saves it: GBK, a title above the headings."""
    with path.open("w", encoding="gbk", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["三月线索汇总", *[""] * 6])
        writer.writerow(HEADINGS)
        writer.writerows(ROWS)


def write_excel(path: Path) -> None:
    """With a merged title, headings over two rows, a store merged over its leads, and numbers as numbers."""
    book = Workbook()
    sheet = book.active
    if sheet is None:
        sheet = book.create_sheet()
    for row in (
        ["三月线索汇总"],
        ["客户", None, "线索"],
        ["姓名", "手机", "门店", "日期", "车型"],
        ["王女士", 19900000201, "北京一店", date(2026, 3, 1), "远途 X7"],
        ["李先生", 19900000202.0, None, "2026/3/1", "远途 S5"],
        ["赵先生", "19900000203", "深圳一店", "=TODAY()", ""],
        ["钱女士", "19900000204", "深圳一店", 46082, "远途 GT"],
    ):
        sheet.append(row)
    for merged in ("A1:E1", "A2:B2", "C2:E2", "C4:C5"):
        sheet.merge_cells(merged)
    book.save(path)


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    write_csv(folder / "leads.csv")
    write_excel(folder / "leads.xlsx")
