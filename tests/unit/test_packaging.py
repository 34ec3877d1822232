"""What is installed is what is promised: names, docs, extras, the commands of README."""

from __future__ import annotations

import ast
import importlib
import importlib.metadata
import importlib.util
import inspect
import json
import os
import pkgutil
import re
import subprocess
import sys
import tomllib
import warnings
from pathlib import Path

import pytest

import wecom_auto
from wecom_auto._binding import Endpoints
from wecom_auto._http import LIBRARIES

ROOT = Path(__file__).parents[2]
PACKAGES = ["wecom_auto", "wecom_auto.callbacks", "wecom_auto.models", "wecom_auto.testing"]
WITH_EXTRAS = [
    "wecom_auto.automotive",
    "wecom_auto.automotive.channels",
    "wecom_auto.automotive.fleet",
    "wecom_auto.automotive.lifecycle",
    "wecom_auto.automotive.tagplan",
    "wecom_auto.directory",
    "wecom_auto.sop",
    "wecom_auto.store",
]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def _package(name):
    if name in WITH_EXTRAS:
        pytest.importorskip("sqlalchemy", reason="needs the extra `sop`")
    return importlib.import_module(name)


def _sorted_as_ruff_does(names):
    # Constants, then classes, then functions: RUF022 calls it an isort-style sort.
    return sorted(names, key=lambda name: (0 if name.isupper() else 1 if name[:1].isupper() else 2, name))


@pytest.mark.parametrize("name", PACKAGES + WITH_EXTRAS)
def test_all_is_sorted_and_importable(name):
    """`__all__` is a sorted list of names that are there."""
    package = _package(name)
    assert package.__all__ == _sorted_as_ruff_does(set(package.__all__))
    assert [member for member in package.__all__ if not hasattr(package, member)] == []


@pytest.mark.parametrize("name", PACKAGES + WITH_EXTRAS)
def test_all_is_the_whole_surface(name):
    """What a package shows without an underscore, and is ours, is in `__all__`."""
    package = _package(name)
    ours = {
        member
        for member, value in vars(package).items()
        if not member.startswith("_")
        and not inspect.ismodule(value)
        and str(getattr(value, "__module__", "")).startswith(name)
    }
    assert ours - set(package.__all__) == set()


def _documented(name):
    package = _package(name)
    for member in package.__all__:
        value = getattr(package, member)
        if inspect.isclass(value) or inspect.isroutine(value):
            yield f"{name}.{member}", value
        if inspect.isclass(value):
            for attribute, what in vars(value).items():
                ours = inspect.isfunction(what) and str(what.__module__).startswith("wecom_auto")
                if ours and not attribute.startswith("_"):
                    yield f"{name}.{member}.{attribute}", what


@pytest.mark.parametrize("name", PACKAGES + WITH_EXTRAS)
def test_every_public_name_is_documented(name):
    """Every public class, function and method has a docstring of its own."""
    assert [where for where, value in _documented(name) if not (value.__doc__ or "").strip()] == []


def test_every_endpoint_names_its_manual_page():
    """The docstring of every endpoint links to the vendor's page, with its Chinese title."""
    package = importlib.import_module("wecom_auto.api")
    page = re.compile(r"https://developer\.work\.weixin\.qq\.com/document/path/\d+")
    missing = []
    for info in pkgutil.iter_modules(package.__path__):
        module = importlib.import_module(f"wecom_auto.api.{info.name}")
        for chapter in vars(module).values():
            if inspect.isclass(chapter) and issubclass(chapter, Endpoints) and chapter.__module__ == module.__name__:
                methods = {key: value for key, value in vars(chapter).items() if hasattr(value, "kind")}
                missing += [
                    f"{chapter.__name__}.{key}" for key, m in methods.items() if not page.search(m.__doc__ or "")
                ]
    assert missing == []


def test_version_is_lazy_and_right():
    """`__version__` is the installed version, and asking for it does not warn."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert wecom_auto.__version__ == importlib.metadata.version("wecom-auto")
    assert "__version__" not in vars(wecom_auto)


def test_unknown_names_are_attribute_errors():
    """The lazy attribute does not swallow typing errors."""
    with pytest.raises(AttributeError, match="wecom"):
        _ = wecom_auto.weecom


# orjson and httpx2 are not here: who installs the extra `fast` wants them used from the start.
EXTRAS = {
    "PIL", "alembic", "chinese_calendar", "openpyxl", "psycopg", "pymysql", "pytest", "redis", "rich", "segno",
    "sqlalchemy", "typer",
}  # fmt: skip


def _loaded_by(statement):
    script = f"{statement}; import json, sys; print(json.dumps(sorted(sys.modules)))"
    return set(json.loads(subprocess.run([sys.executable, "-c", script], check=True, capture_output=True).stdout))


def test_importing_needs_no_extra():
    """`import wecom_auto` imports no optional dependency, no test tool and neither HTTP server nor event loop."""
    unwanted = EXTRAS | {"asyncio.runners", "trio", "http.server", "wecom_auto.testing", "wecom_auto.sop"}
    # httpx brings its own command line along, with click and rich, wherever those happen to be installed.
    theirs = set().union(*(_loaded_by(f"import {name}") for name in LIBRARIES if importlib.util.find_spec(name)))
    assert (_loaded_by("import wecom_auto") - theirs) & unwanted == set()


def _declared():
    extras = PYPROJECT["project"]["optional-dependencies"]
    # What tests, docs and development bring is not there when users run the package; pytest brings its own plugin in.
    groups = [extras[name] for name in extras if name not in {"dev", "docs", "test"}]
    wanted = [*PYPROJECT["project"]["dependencies"], *(line for group in groups for line in group)]
    return {re.split(r"[\[<>=;! ]", line)[0].lower().replace("_", "-") for line in wanted} | {"pytest"}


def _imported():
    for path in (ROOT / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) and node.module and not node.level else []
            yield from ((name.partition(".")[0], path.name) for name in names)


def test_every_import_is_declared():
    """What the package imports it asks for; nothing works only because another package happens to bring it."""
    owners = importlib.metadata.packages_distributions()
    declared = _declared()
    missing = {
        (module, path)
        for module, path in _imported()
        if module not in sys.stdlib_module_names | {"wecom_auto"}
        and not {owner.lower().replace("_", "-") for owner in owners.get(module, [module])} & declared
    }
    assert missing == set()


def test_importing_works_without_any_extra():
    """With every optional dependency missing, the package, its models, callbacks and fake still import."""
    script = (
        f"import sys; sys.modules |= dict.fromkeys({sorted(EXTRAS | {'orjson', 'httpx2'})!r})\n"
        "import wecom_auto, wecom_auto.callbacks, wecom_auto.models, wecom_auto.testing\n"
        "assert all(getattr(wecom_auto, name) is not None for name in wecom_auto.__all__)\n"
    )
    # A choice of library by hand would ask for one that is missing here.
    environment = {name: value for name, value in os.environ.items() if name != "WECOM_AUTO_HTTP"}
    subprocess.run([sys.executable, "-c", script], check=True, env=environment)


def test_importing_starts_nothing():
    """`import wecom_auto` starts no thread and adds no log handler that prints."""
    script = (
        "import logging, threading, wecom_auto\n"
        "assert threading.active_count() == 1\n"
        "assert logging.getLogger().handlers == []\n"
        "assert [type(h).__name__ for h in logging.getLogger('wecom_auto').handlers] in ([], ['NullHandler'])\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_package_is_marked_as_typed():
    """Type checkers of users read our annotations."""
    assert Path(wecom_auto.__file__).with_name("py.typed").is_file()


READMES = ["README.md", "README.zh-CN.md"]


def _section(readme, heading):
    text = (ROOT / readme).read_text(encoding="utf-8")
    match = re.search(rf"^## {heading}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert match, f"{readme} has no section {heading}"
    return match[1]


def _commands(readme, heading):
    return re.findall(r"^```sh\n(.*?)^```$", _section(readme, heading), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("readme", READMES)
@pytest.mark.parametrize("heading", ["Run it", "Test it"])
def test_readme_has_one_command_per_section(readme, heading):
    """*Run it* and *Test it* hold exactly one `sh` fence with one line, which needs Python with venv and pip only."""
    [command] = _commands(readme, heading)
    assert command.count("\n") == 1
    assert command.startswith("python3 -m venv ")
    programs = {part.split()[0] for part in command.split("&&")}
    assert programs <= {"python3", ".venv/bin/pip", ".venv/bin/python", ".venv/bin/wecom-auto"}


@pytest.mark.parametrize("heading", ["Run it", "Test it"])
def test_both_languages_give_the_same_command(heading):
    """The Chinese README is not behind the English one."""
    assert len({tuple(_commands(readme, heading)) for readme in READMES}) == 1


@pytest.mark.parametrize("readme", READMES)
def test_no_other_fence_is_marked_sh(readme):
    """Whoever looks for the command of a section finds no second one; `uv` stands in fences of another kind."""
    assert (ROOT / readme).read_text(encoding="utf-8").count("```sh\n") == 2


def test_readme_installs_extras_that_exist():
    """The extras in the commands are extras of the package."""
    extras = set(PYPROJECT["project"]["optional-dependencies"])
    named = {
        extra
        for readme in READMES
        for extra in re.findall(r"'\.\[(\w+)\]'", (ROOT / readme).read_text(encoding="utf-8"))
    }
    assert named
    assert named <= extras


def test_changelog_knows_the_version():
    """The version that is built has its entry."""
    assert PYPROJECT["project"]["version"] in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
