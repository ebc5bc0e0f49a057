"""The documentation builds without a warning, and needs nothing from elsewhere when it is read."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    # Without --quiet, which would hide the warnings from --strict too.
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", folder],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_the_site_loads_nothing_from_other_hosts(site: Path) -> None:
    loads = re.compile(
        r'<(script|img|iframe)[^>]* src="https?:|<link[^>]* rel="(stylesheet|preconnect)"[^>]* href="http'
    )
    assert [page.name for page in site.rglob("*.html") if loads.search(page.read_text())] == []


def test_every_page_is_there(site: Path) -> None:
    for page in (ROOT / "docs").rglob("*.md"):
        name = page.relative_to(ROOT / "docs").with_suffix("")
        built = site / name.parent / "index.html" if name.name == "index" else site / name / "index.html"
        assert built.is_file(), f"docs/{name}.md was not built"
