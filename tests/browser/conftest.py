"""Fixtures of the tests in a browser."""

from tests.parts.browser import browser, open_tab

__all__ = ["browser", "open_tab"]
