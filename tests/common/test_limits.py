"""Rate limits by fixed windows, and what becomes of them without the cache (spec F04)."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.cache import caches
from django.test import Client

from common import limits

HOUR = timedelta(hours=1)


def test_a_window_lets_so_many_through_and_the_next_begins_anew(at: datetime) -> None:
    taken = [limits.take("test", "key", limit=3, window=HOUR, at=at) for _ in range(4)]
    assert taken == [True, True, True, False]
    assert limits.take("test", "other", limit=3, window=HOUR, at=at) is True
    assert limits.retry_at(HOUR, at + timedelta(minutes=20)) == at + HOUR
    assert limits.take("test", "key", limit=3, window=HOUR, at=at + timedelta(minutes=59)) is False
    assert limits.take("test", "key", limit=3, window=HOUR, at=at + HOUR) is True


def test_amounts_add_up(at: datetime) -> None:
    assert limits.take("bytes", "key", limit=100, window=HOUR, at=at, amount=60) is True
    assert limits.take("bytes", "key", limit=100, window=HOUR, at=at, amount=60) is False


@pytest.fixture
def _dead_redis(settings: Any) -> None:
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://127.0.0.1:1/0"}
    }
    assert caches["default"].__class__.__name__ == "RedisCache"


@pytest.mark.usefixtures("_dead_redis")
def test_without_the_cache_nothing_is_limited_and_nobody_is_turned_away(at: datetime) -> None:
    assert [limits.take("test", "key", limit=1, window=HOUR, at=at) for _ in range(3)] == [True, True, True]


@pytest.mark.django_db
@pytest.mark.usefixtures("_dead_redis")
def test_my_data_answers_without_the_cache(client: Client) -> None:
    assert client.post("/en/my-data/sign-in/", {"email": "aino@example.org"}).status_code == 200
