"""Roles of the trade as data. A role that is not listed is one without rights, never an error."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from attrs import frozen


@frozen(kw_only=True)
class Role:
    """What somebody does (岗位).

    Attributes:
        code: Such as ``dcc_operator``.
        title: In Chinese.
        scope: Whose customers the role sees: ``oem``, ``region``, ``dealer``, ``store``, ``group`` or ``own``.
        leads: It is given leads.
        pool: It may take leads from the pool (公海).
        supervises: It is told when somebody of its scope is late.
        consent: It may write down and withdraw consent.
    """

    code: str
    title: str = ""
    scope: str = "own"
    leads: bool = False
    pool: bool = False
    supervises: bool = False
    consent: bool = False


@cache
def shipped_roles() -> Mapping[str, Role]:
    """The roles that come with the library, by code."""
    text = (files("wecom_auto.automotive.network") / "roles.toml").read_text(encoding="utf-8")
    return {code: Role(code=code, **table) for code, table in tomllib.loads(text).items()}
