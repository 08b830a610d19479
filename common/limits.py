"""Rate limits counted in the cache, by fixed windows. A limit holds an opaque key, never an address in clear."""

import hashlib
import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.core.cache import cache

log = logging.getLogger(__name__)


def take(name: str, key: str, *, limit: int, window: timedelta, at: datetime, amount: int = 1) -> bool:
    """Count ``amount`` uses of ``name`` by ``key`` in the present window; whether that stays within ``limit``.

    Uses beyond the limit are counted too, so that hammering does not open the door early. While the cache is down
    nothing is limited.
    """
    seconds = int(window.total_seconds())
    digest = hashlib.sha256(f"{settings.SECRET_KEY}|{name}|{key}".encode()).hexdigest()
    slot = f"limit:{digest}:{int(at.timestamp()) // seconds}"
    try:
        cache.add(slot, 0, timeout=seconds * 2)
        return int(cache.incr(slot, amount)) <= limit
    except ValueError:  # it ran out between the two calls
        cache.set(slot, amount, timeout=seconds * 2)
        return amount <= limit
    except _cache_errors():
        # An applicant is not turned away because the cache is down; the limits come back with it.
        log.warning("the cache does not answer; limits are not counted")
        return True


def _cache_errors() -> type[Exception]:
    """What a Redis that is down raises; asked for only when something was raised."""
    from redis.exceptions import RedisError  # noqa: PLC0415 (slow to load, and dev.py has no Redis)

    return RedisError


def retry_at(window: timedelta, at: datetime) -> datetime:
    """When the present window ends."""
    seconds = int(window.total_seconds())
    return at + timedelta(seconds=seconds - int(at.timestamp()) % seconds)
