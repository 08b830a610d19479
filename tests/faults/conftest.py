"""Fixtures of the fault tests."""

from tests.parts.forks import start_forks
from tests.parts.proxy import proxies
from tests.parts.site import cache_table, start_site
from tests.parts.weak import weak_buckets

__all__ = ["cache_table", "proxies", "start_forks", "start_site", "weak_buckets"]
