"""Play a year of a SOP in seconds: the real planner, store, runner and send protocol on a virtual clock.

The platform is `FakeWeCom` in this process, the database lives in memory, customers and members are drawn by a seed.
Only people are invented here; nothing plans or sends but the engine itself.

Needs the extra: `pip install "wecom-auto[sop]"`.
"""

from __future__ import annotations

from wecom_auto.simulation._habits import Habits, Share
from wecom_auto.simulation._report import Goals, Lost, MemberLoad, Report, Spread
from wecom_auto.simulation._run import simulate
from wecom_auto.simulation._scenario import START, Scenario

__all__ = ["START", "Goals", "Habits", "Lost", "MemberLoad", "Report", "Scenario", "Share", "Spread", "simulate"]
