"""Fixtures of the tests in a browser."""

from tests.parts.browser import browser, idle_tabs, open_tab

__all__ = ["browser", "idle_tabs", "open_tab"]
