"""The rules of the house that ruff cannot keep: sizes, imports, locks, and what must not be in the tree."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.tools import ROOT

LONGEST_MODULE_LINES = 400
LOCKS = ["requirements.txt", "requirements-dev.txt"]

# They decide, and the edge acts: values in, values out. A name ending in ".*" is a
# whole package. One that does not exist yet is watched from its first line on.
PURE = [
    "newsletter.delivery.forecast",
    "newsletter.delivery.pacing",
    "newsletter.delivery.retry",
    "newsletter.delivery.states",
    "newsletter.digests.digest",
    "newsletter.digests.cjk",
    "newsletter.digests.cutting",
    "newsletter.digests.html.*",
    "newsletter.digests.phrases",
    "newsletter.digests.prose",
    "newsletter.editions.gate.*",
    "newsletter.editions.states",
    "newsletter.errors",
    "newsletter.fetching.errors",
    "newsletter.fetching.networks",
    "newsletter.fetching.target",
    "newsletter.feedback.events",
    "newsletter.feedback.judging",
    "newsletter.feedback.rules",
    "newsletter.feedback.sendgrid",
    "newsletter.feedback.shapes.*",
    "newsletter.feedback.troubles",
    "newsletter.lanes",
    "newsletter.mailing",
    "newsletter.people.rights",
    "newsletter.people.totp",
    "newsletter.replies.*",
    "newsletter.reports.states",
    "newsletter.urls",
    "newsletter.web.reference",
    "subscribers.segments.parsing",
    "subscribers.segments.tree",
    "subscribers.states",
]
# Ways to a clock, a file, a socket, a process, a database, or chance.
IMPURE_LIBRARIES = set(
    "asyncio concurrent ftplib glob http imaplib importlib io multiprocessing os pathlib poplib random "
    "secrets select shutil signal smtplib socket socketserver sqlite3 ssl subprocess tempfile threading "
    "time urllib.request".split()
)
IMPURE_CALLS = {"now", "utcnow", "today", "open", "input", "print"}


def modules() -> dict[str, Path]:
    """Return every module of the two packages by its dotted name."""
    found = {}
    for package in ("newsletter", "subscribers"):
        for path in sorted((ROOT / package).rglob("*.py")):
            dotted = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            found[dotted.removesuffix(".__init__")] = path
    return found


def is_pure(module: str) -> bool:
    return any(
        (module + ".").startswith(name.removesuffix("*")) if name.endswith(".*") else module == name
        for name in PURE
    )


def imports(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Yield (module, name) for everything imported, also inside functions; the name may be empty."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            # Relative imports are ruff's to refuse (TID252).
            yield from ((node.module or "", alias.name) for alias in node.names)


def calls(tree: ast.AST) -> Iterator[str]:
    """Yield the last name of everything called."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Attribute):
                yield node.func.attr
            elif isinstance(node.func, ast.Name):
                yield node.func.id


def text_files() -> dict[str, str]:
    """Return every text file that is, or is about to be, in the repository."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
    ).stdout
    found = {}
    for name in filter(None, listed.decode().split("\0")):
        path = ROOT / name
        if path.is_file() and b"\0" not in (content := path.read_bytes()):
            found[name] = content.decode("utf-8", "replace")
    return found


def requirements(lock: str) -> dict[str, str]:
    """Return each requirement of a lock file, comments left out, by its canonical name."""
    text = "\n".join(
        line for line in (ROOT / lock).read_text().splitlines() if not line.lstrip().startswith("#")
    )
    blocks = re.split(r"\n(?=\S)", text.strip())
    return {canonicalize_name(re.split(r"[=<>\[ ;]", block, maxsplit=1)[0]): block for block in blocks}


# --- sizes and folders -------------------------------------------------------


def test_no_module_is_over_400_lines() -> None:
    lengths = {
        name: len(path.read_text().splitlines())
        for name, path in modules().items()
        if ".migrations." not in name
    }

    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_MODULE_LINES} == {}


def test_every_folder_of_tests_is_a_package() -> None:
    # A bare tests/subscribers would shadow the package it tests.
    folders = {path.parent for path in (ROOT / "tests").rglob("*.py") if "node_modules" not in path.parts}

    assert [folder for folder in folders if not (folder / "__init__.py").exists()] == []


# --- imports -----------------------------------------------------------------


def test_the_import_contracts_hold() -> None:
    program = Path(sys.executable).with_name("lint-imports")

    result = subprocess.run([program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)

    assert result.returncode == 0, result.stdout + result.stderr


def test_pure_modules_import_only_the_standard_library_and_each_other() -> None:
    wrong = []
    for name, path in modules().items():
        if not is_pure(name):
            continue
        for module, imported in imports(ast.parse(path.read_text())):
            top = module.partition(".")[0]
            allowed = (
                is_pure(module)
                or is_pure(f"{module}.{imported}")
                or (top in sys.stdlib_module_names and not {top, module} & IMPURE_LIBRARIES)
            )
            if not allowed:
                wrong.append(f"{name} imports {module} {imported}")

    assert wrong == []


def test_pure_modules_read_no_clock_and_no_file() -> None:
    wrong = [
        f"{name} calls {called}"
        for name, path in modules().items()
        if is_pure(name)
        for called in calls(ast.parse(path.read_text()))
        if called in IMPURE_CALLS
    ]

    assert wrong == []


def test_only_database_creates_an_engine() -> None:
    # lint-imports sees modules, not names; the doors of whole libraries are its business.
    creators = {"create_engine", "create_async_engine", "engine_from_config", "create_mock_engine"}
    wrong = []
    for name, path in modules().items():
        tree = ast.parse(path.read_text())
        names = {imported for _, imported in imports(tree)} | set(calls(tree))
        if creators & names and name != "newsletter.database":
            wrong.append(name)

    assert wrong == []


def test_the_migrations_know_every_table() -> None:
    # A test that happens to import the others would hide one that alembic does not see.
    known = set(imports(ast.parse((ROOT / "newsletter" / "migrations" / "env.py").read_text())))
    tables = [
        name
        for name, path in modules().items()
        if name.startswith("newsletter.") and re.search(r"^class \w+\(Base\)", path.read_text(), re.M)
    ]

    assert [name for name in tables if (name, "") not in known] == []


def test_http_goes_out_through_fetching_and_sendgrids_own_line() -> None:
    # lint-imports sees no modules inside the standard library.
    speakers = set("http.client urllib.request urllib3 requests httpx httpx2 aiohttp".split())
    doors = {"newsletter.fetching.reading", "newsletter.transports.keepalive"}

    wrong = [
        f"{name} imports {module}"
        for name, path in modules().items()
        if name not in doors and not name.startswith("newsletter.testing.")
        for module, imported in imports(ast.parse(path.read_text()))
        if {module, f"{module}.{imported}"} & speakers
    ]

    assert wrong == []


# --- what must not be in the tree --------------------------------------------


def test_no_file_names_a_package_registry() -> None:
    # Put together here, so that this file does not name one either.
    names = [
        ".".join(parts)
        for parts in [
            ("pypi", "org"),
            ("pypi", "python", "org"),
            ("pythonhosted", "org"),
            ("npmjs", "com"),
            ("npmjs", "org"),
            ("npmmirror", "com"),
            ("yarnpkg", "com"),
            ("deb", "debian", "org"),
            ("security", "debian", "org"),
            ("archive", "ubuntu", "com"),
        ]
    ]
    registry = re.compile("|".join(map(re.escape, names)))

    assert [name for name, text in text_files().items() if registry.search(text)] == []


def test_no_file_names_a_path_of_this_machine() -> None:
    here = [re.escape(str(path)) for path in (ROOT, Path.home()) if len(path.parts) > 1]
    somebody = [r"/home/[a-z][\w.-]*", r"/Users/[A-Za-z][\w.-]*"]
    # Not part of a longer path or of a web address.
    machine = re.compile(rf"(?<![\w.:~/-])(?:{'|'.join(here + somebody)})/")

    wrong = [
        f"{name}: {found.group()}" for name, text in text_files().items() if (found := machine.search(text))
    ]

    assert wrong == []


# --- locks -------------------------------------------------------------------


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_requirement_has_a_version_and_a_hash(lock: str) -> None:
    locked = requirements(lock)

    assert len(locked) > 20
    assert [n for n, block in locked.items() if "==" not in block or "--hash=sha256:" not in block] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_address(lock: str) -> None:
    text = (ROOT / lock).read_text()

    assert [word for word in ("://", " @ ", "--index-url", "--find-links") if word in text] == []


def test_the_node_lock_has_hashes_and_no_address() -> None:
    text = (ROOT / "tests" / "node" / "package-lock.json").read_text()

    assert '"integrity": "sha512-' in text
    assert '"resolved"' not in text


def test_both_locks_agree() -> None:
    # The conditions after the semicolon may differ: more of them lead to a package here than there.
    runtime, dev = (
        {name: (block.split()[0], block.count("--hash")) for name, block in requirements(lock).items()}
        for lock in LOCKS
    )

    assert {name: dev.get(name) for name in runtime} == runtime


def test_the_locks_answer_to_pyproject() -> None:
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text())
    groups = pyproject["dependency-groups"]
    extras = pyproject["project"]["optional-dependencies"]
    runtime = [
        *pyproject["project"]["dependencies"],
        *groups["build"],
        *pyproject["build-system"]["requires"],
    ]
    dev = [*runtime, *groups["dev"], *extras["postgres"]]

    wrong = []
    for lock, asked in zip(LOCKS, (runtime, dev), strict=True):
        locked = requirements(lock)
        for wish in map(Requirement, asked):
            block = locked.get(canonicalize_name(wish.name), "")
            version = re.search(r"==([^\s;]+)", block)
            if not version or version[1] not in wish.specifier:
                wrong.append(f"{lock}: {wish} (run `make lock`)")

    assert wrong == []
