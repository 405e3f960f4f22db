"""The wheel, installed where there is no checkout, is the whole program."""

import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from tests.tools import ROOT


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel with what is installed here; nothing is fetched."""
    folder = tmp_path_factory.mktemp("dist")
    _run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT)
    [built] = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the bin folder of an environment that holds the wheel and borrows its dependencies from ours."""
    folder = tmp_path_factory.mktemp("installed")
    _run(sys.executable, "-m", "venv", "--without-pip", folder)
    python = folder / "bin" / "python"
    _run(
        *(sys.executable, "-m", "pip", "--python", python, "--disable-pip-version-check"),
        *("install", "--no-index", "--no-deps", wheel),
    )
    # A folder named in a .pth file is searched, but its own .pth files are not read:
    # our dependencies come along and the editable install of the checkout does not.
    site = next((folder / "lib").glob("python*/site-packages"))
    (site / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder / "bin"


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """Return an empty folder outside the checkout."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    return folder


def test_the_wheel_holds_the_templates_the_settings_and_the_types(wheel: Path) -> None:
    templates = {
        f"newsletter/{path.relative_to(ROOT)}"
        for path in (ROOT / "templates").rglob("*")
        if path.is_file() and not path.name.startswith(".")
    }

    names = set(zipfile.ZipFile(wheel).namelist())

    assert templates
    assert templates <= names
    assert {"newsletter/config.toml", "newsletter/py.typed", "subscribers/py.typed"} <= names
    assert not [name for name in names if name.startswith(("tests/", "docs/"))]


def test_the_installed_package_is_not_the_checkout(installed: Path, elsewhere: Path) -> None:
    script = "import newsletter, subscribers; print(newsletter.__file__, subscribers.__file__)"

    found = _run(installed / "python", "-c", script, cwd=elsewhere).split()

    assert all(Path(path).is_relative_to(installed.parent) for path in found), found


def test_the_installed_program_explains_itself(installed: Path, elsewhere: Path) -> None:
    text = _run(installed / "newsletter", "--help", cwd=elsewhere)

    assert "demo" in text


def test_the_installed_program_sends_the_sample_digest(installed: Path, elsewhere: Path) -> None:
    _run(installed / "newsletter", "demo", cwd=elsewhere)

    assert list(elsewhere.rglob("*.eml"))


def _run(*command: str | Path, cwd: Path | None = None) -> str:
    """Run a command that knows nothing of this checkout and must succeed; return what it printed."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "NEWSLETTER_"))}
    result = subprocess.run(command, cwd=cwd, env=inherited, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout
