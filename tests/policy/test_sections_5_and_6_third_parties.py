"""§5 and §6: no page or mail asks anything of a third party, and data come in by the portal alone.

Where buckets lie is held by tests/clouder/test_checks.py; that no request leaves a browser, by tests/browser.
"""

import re
from pathlib import Path

from django.conf import settings

from candidates.enums import APPROACHED, Origin
from candidates.models import Candidate

ROOT = Path(__file__).parents[2]
LOADS = re.compile(r"""(?:src|href|action|srcset|data)\s*=\s*["'](https?:)?//|url\(\s*["']?(?:https?:)?//|@import""")
NAMED = re.compile(r"""<a\b[^>]*href="https://(?:www\.)?tietosuoja\.fi[^"]*"|xmlns="http://www\.w3\.org/[^"]*\"""")


def test_nothing_is_loaded_from_another_host() -> None:
    found = []
    for folder, kinds in (("templates", ("*.html", "*.txt")), ("static", ("*.css", "*.js", "*.svg"))):
        for kind in kinds:
            for path in sorted((ROOT / folder).rglob(kind)):
                text = NAMED.sub("", path.read_text(encoding="utf-8"))
                if LOADS.search(text):
                    found.append(path.relative_to(ROOT).as_posix())
    assert found == []


def test_the_watch_sees_a_load() -> None:
    for text in ('<script src="https://x.example/a.js">', "<img src='//x.example/a'>", "url(https://x.example/f)"):
        assert LOADS.search(NAMED.sub("", text))
    assert not LOADS.search(NAMED.sub("", '<a rel="noopener" href="https://tietosuoja.fi/en/">'))


def test_pages_may_load_from_this_site_only() -> None:
    sources = {source for values in settings.CONTENT_SECURITY_POLICY["DIRECTIVES"].values() for source in values}
    assert sources == {"'self'", "'none'"}


def test_no_analytics_and_no_error_reporting_is_built_in() -> None:
    requirements = (ROOT / "requirements/runtime.txt").read_text(encoding="utf-8")
    for name in ("posthog", "sentry-sdk", "opentelemetry"):
        assert not re.search(rf"^{name}", requirements, re.MULTILINE)


def test_whoever_did_not_come_by_the_portal_has_a_source_and_is_told() -> None:
    assert set(Origin.values) == {"APPLIED", "EMAIL", *APPROACHED}
    names = {constraint.name for constraint in Candidate._meta.constraints}
    assert "candidates_source_named" in names
