"""A part that is not here is a reason to skip, or to fail, and is named."""

import pytest

from tests.parts.availability import PARTS, Part, require


@pytest.fixture(autouse=True)
def _nothing_is_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PARTS, "redis", Part("Redis", "Debian: redis-server", programs=("no-such-program",)))
    monkeypatch.setitem(PARTS, "s3", Part("the S3 server", "pip: moto[s3,server]", modules=("no_such_module",)))


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("redis", "without Redis (Debian: redis-server) this is not tested"),
        ("s3", "without the S3 server (pip: moto[s3,server]) this is not tested"),
    ],
)
def test_a_missing_part_skips_and_in_ci_fails(monkeypatch: pytest.MonkeyPatch, name: str, reason: str) -> None:
    monkeypatch.delenv("REQUIRE_TEST_PARTS", raising=False)
    with pytest.raises(pytest.skip.Exception) as skipped:
        require(name)
    monkeypatch.setenv("REQUIRE_TEST_PARTS", "1")
    with pytest.raises(pytest.fail.Exception) as failed:
        require(name)
    assert (str(skipped.value), str(failed.value)) == (reason, reason)


def test_one_of_several_programs_is_enough() -> None:
    assert Part("a shell", "none", programs=("no-such-program", "sh"), modules=("os",)).is_here is True
    require("smtp")
