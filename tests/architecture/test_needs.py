"""A test whose needs are not met is skipped with a reason, or fails where everything is required."""

from __future__ import annotations

from pathlib import Path

import pytest

CONFTEST = (Path(__file__).parents[1] / "conftest.py").read_text()
PRETEND = '\nNEEDS = {"docker": (lambda: False, "no Docker engine answers"), "root": (lambda: True, "")}\n'
TESTS = """
import pytest

@pytest.mark.docker
def test_heavy(): pass

@pytest.mark.root
def test_met(): pass

def test_light(): pass
"""


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    monkeypatch.delenv("BATCHYARD_REQUIRE", raising=False)
    pytester.makeini("[pytest]\nmarkers =\n  docker\n  root\n")
    pytester.makeconftest(CONFTEST + PRETEND)
    pytester.makepyfile(TESTS)
    return pytester


def test_skipped_with_a_plain_reason(project: pytest.Pytester) -> None:
    done = project.runpytest_subprocess("-rs")
    done.assert_outcomes(passed=2, skipped=1)
    done.stdout.fnmatch_lines(["*needs docker: no Docker engine answers*"])


def test_failed_where_all_is_required(project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BATCHYARD_REQUIRE", "all")
    done = project.runpytest_subprocess()
    done.assert_outcomes(passed=2, errors=1)
    done.stdout.fnmatch_lines(["*needs docker, and BATCHYARD_REQUIRE=all: no Docker engine answers*"])
