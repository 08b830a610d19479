"""Rate limits counted in the cache, by fixed windows. A limit holds an opaque key, never an address in clear."""

import hashlib
from datetime import datetime, timedelta

from django.conf import settings
from django.core.cache import cache


def take(name: str, key: str, *, limit: int, window: timedelta, at: datetime, amount: int = 1) -> bool:
    """Count ``amount`` uses of ``name`` by ``key`` in the present window; whether that stays within ``limit``.

    Uses beyond the limit are counted too, so that hammering does not open the door early.
    """
    seconds = int(window.total_seconds())
    digest = hashlib.sha256(f"{settings.SECRET_KEY}|{name}|{key}".encode()).hexdigest()
    slot = f"limit:{digest}:{int(at.timestamp()) // seconds}"
    cache.add(slot, 0, timeout=seconds * 2)
    try:
        return cache.incr(slot, amount) <= limit
    except ValueError:  # it ran out between the two calls
        cache.set(slot, amount, timeout=seconds * 2)
        return amount <= limit


def retry_at(window: timedelta, at: datetime) -> datetime:
    """When the present window ends."""
    seconds = int(window.total_seconds())
    return at + timedelta(seconds=seconds - int(at.timestamp()) % seconds)
