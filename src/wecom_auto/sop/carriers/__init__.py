"""Carriers: what takes jobs from one process to another, behind one small port.

A carrier carries numbers and names, at least once, and owns no timer of a customer: every wait is a row of the store.
`wecom_auto.sop.carriers.celery` needs the extra ``celery``, `wecom_auto.sop.carriers.procrastinate` the extra
``procrastinate``; `Loop` needs neither.
"""

from __future__ import annotations

from wecom_auto.sop.carriers._jobs import Jobs, Message
from wecom_auto.sop.carriers._loop import Loop
from wecom_auto.sop.carriers._port import Carrier, Job

__all__ = ["Carrier", "Job", "Jobs", "Loop", "Message"]
