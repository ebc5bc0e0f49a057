"""Every setting is documented where it is defined, and the reference page says the same."""

from __future__ import annotations

from tools import settings_page


def test_every_setting_has_a_docstring() -> None:
    texts = settings_page.docstrings()
    undocumented = [
        f"{setting.path}{setting.name}"
        for setting in settings_page.settings()
        if not texts[setting.section.__name__].get(setting.name)
    ]
    assert undocumented == []


def test_all_levels_of_the_tree_are_found() -> None:
    found = {f"{setting.path}{setting.name}" for setting in settings_page.settings()}
    assert {"data_dir", "server.port", "auth.principals.NAME.role", "images.NAME.path", "providers.NAME.kind"} <= found


def test_the_page_is_what_the_code_generates() -> None:
    assert settings_page.PAGE.read_text() == settings_page.page(), "run `make generate`"
