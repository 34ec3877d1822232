"""Run the whole demonstration: read the list, play, count, write the report. Prints nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from importlib.resources import files
from pathlib import Path

from attrs import frozen

from wecom_auto._demo import _leads, _people
from wecom_auto._demo._company import company
from wecom_auto._demo._leads import LeadList
from wecom_auto._demo._play import Play
from wecom_auto._demo._report import timeline, write_report
from wecom_auto._demo._tally import Outcome, tally
from wecom_auto._demo._world import BY_NAME, START, STORES
from wecom_auto.automotive.sheets import decode_table
from wecom_auto.errors import ConfigurationError


@frozen(kw_only=True)
class Options:
    """What a user may choose.

    Attributes:
        people: Rows of the lead list; the shipped one is continued with invented people.
        days: Virtual days.
        seed: The same seed gives the same numbers.
        leads: Another lead list.
    """

    people: int = 200
    days: int = 90
    seed: int = 7
    leads: Path | None = None


def run(options: Options, folder: Path, progress: Callable[[datetime], None]) -> Outcome:
    """Play, and leave ``report.html``, ``timeline.svg`` and ``wecom.db`` in `folder`.

    Args:
        options: What the user chose.
        folder: Made if it is not there; only these three files of it are touched.
        progress: Told the virtual time, often.

    Raises:
        ConfigurationError: the lead list cannot be read.
    """
    leads = lead_list(options)
    folder.mkdir(parents=True, exist_ok=True)
    with company(folder / "wecom.db", options.seed) as found:
        Play(found, leads.accepted, START + timedelta(days=options.days), options.seed).run(progress)
        outcome = tally(found, leads, seed=options.seed, people=options.people, days=options.days, start=START)
        (folder / "timeline.svg").write_text(timeline(outcome), encoding="utf-8")
        (folder / "report.html").write_text(write_report(outcome, found.definitions), encoding="utf-8")
    return outcome


def lead_list(options: Options) -> LeadList:
    """Read the lead list that the options name."""
    if options.leads is not None:
        return _own_list(options.leads)
    shipped = decode_table((files("wecom_auto._demo") / "leads.csv").read_bytes())
    names = [store.name for store in STORES]
    text = _people.extend(shipped, options.people, names, START.date(), options.seed)
    return _leads.read_leads(text, BY_NAME, most=options.people)


def _own_list(path: Path) -> LeadList:
    try:
        return _leads.read_leads(path.read_bytes(), BY_NAME)
    except ConfigurationError as error:
        msg = f"{path}: {error}"
        raise ConfigurationError(msg) from error
