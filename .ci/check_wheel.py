"""Check an installed wheel in an environment that holds the base dependencies and nothing else."""

# ruff: noqa: INP001, S101, S603 - a script for CI: asserts are its way to fail, and it runs our own program

from __future__ import annotations

import importlib.metadata
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

EXTRAS = ("sqlalchemy", "alembic", "typer", "rich", "redis", "orjson", "httpx2", "pytest", "chinese_calendar")
# The nine direct dependencies and what they need; a new one must be worth its place.
MOST_DISTRIBUTIONS = 16


def main() -> None:
    """Import, look an error up, use the fake, and meet the command line without its extra."""
    import wecom_auto
    from wecom_auto.errors import error_code

    assert "site-packages" in str(wecom_auto.__file__), wecom_auto.__file__
    assert wecom_auto.__version__ == importlib.metadata.version("wecom-auto")
    assert [name for name in EXTRAS if name in sys.modules] == []
    assert all(hasattr(wecom_auto, name) for name in wecom_auto.__all__)
    assert "admin console" in error_code(48002).remedy
    assert files("wecom_auto").joinpath("py.typed").is_file()

    from wecom_auto.testing import FakeWeCom

    fake = FakeWeCom()
    fake.add_member("zhangsan")
    with fake.client() as wecom:
        assert fake.add_customer(name="李四", followed_by="zhangsan").external_userid in wecom.customers.list(
            "zhangsan"
        )

    # Whoever installed without the extra is told which one is missing, not shown a traceback.
    program = Path(sys.executable).with_name("wecom-auto")
    run = subprocess.run([program, "--help"], capture_output=True, text=True, check=False)
    assert run.returncode != 0, run
    assert "wecom-auto[cli]" in run.stderr, run.stderr
    assert "Traceback" not in run.stderr, run.stderr

    installed = {dist.name.lower() for dist in importlib.metadata.distributions()} - {"pip", "setuptools", "wecom-auto"}
    assert len(installed) <= MOST_DISTRIBUTIONS, sorted(installed)
    sys.stdout.write(f"wheel imports with {len(installed)} distributions: {', '.join(sorted(installed))}\n")


if __name__ == "__main__":
    main()
