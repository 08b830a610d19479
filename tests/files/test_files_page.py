"""S01: docs/reference/files.md says what the code does, number by number (ASVS 5.1.1)."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings

from candidates.forms.apply import FILE_KINDS
from candidates.views.staging import MESSAGES
from clouder import settings as real
from common.network import address_prefix
from files import bucket_rules
from files.checkers.budget import DEFAULT
from files.confinement import ChildLimits
from files.enums import SUFFIXES, MediaKind, Refusal, ScanState

PAGE = (settings.BASE_DIR / "docs" / "reference" / "files.md").read_text(encoding="utf-8")
UNITS: dict[str, Any] = {
    "MB": 1_000_000,
    "seconds": timedelta(seconds=1),
    "hours": timedelta(hours=1),
    "days": timedelta(days=1),
    "day": timedelta(days=1),
}


def rows(heading: str) -> list[list[str]]:
    """The cells of the table below a heading, without its head."""
    section = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    assert section, heading
    lines = [line for line in section.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def value_of(name: str) -> Any:
    """The setting or constant that a row names."""
    if name.startswith("CheckLimits."):
        return getattr(DEFAULT, name.removeprefix("CheckLimits."))
    if name.startswith("ChildLimits."):
        limit = getattr(ChildLimits(), name.removeprefix("ChildLimits."))
        return timedelta(seconds=limit) if name.endswith("_seconds") else limit
    if hasattr(bucket_rules, name):
        return timedelta(days=getattr(bucket_rules, name))
    return getattr(real, name)


def numbers() -> list[tuple[str, str, str]]:
    """Each row of the tables of numbers: what, how much, which setting."""
    found = [(row[0], row[1], row[2]) for row in rows("How large it may be")]
    found += [(row[0], row[1], row[3]) for row in rows("How much in a day")]
    found += [(row[0], row[1], row[2]) for row in rows("How long it is kept") if "`" in row[2]]
    return [(what, how_much, name.strip("`")) for what, how_much, name in found]


@pytest.mark.parametrize(("what", "how_much", "name"), numbers(), ids=[row[0] for row in numbers()])
def test_each_number_is_the_codes(what: str, how_much: str, name: str) -> None:
    found = re.match(r"([\d,]+)(?: (MB|seconds|hours|days|day)\b)?", how_much)
    assert found, how_much
    assert int(found[1].replace(",", "")) * UNITS.get(found[2], 1) == value_of(name)


def test_every_limit_of_the_checker_but_its_time_is_on_the_page() -> None:
    named = {name.removeprefix("CheckLimits.") for _, _, name in numbers() if name.startswith("CheckLimits.")}
    own = {"file_bytes", "seconds"}  # the first is FILE_MAX_BYTES, the second depends on the machine
    assert named | own == set(vars(DEFAULT))
    assert DEFAULT.file_bytes == settings.FILE_MAX_BYTES


def test_every_limit_of_the_process_that_checks_is_on_the_page() -> None:
    named = {name.removeprefix("ChildLimits.") for _, _, name in numbers() if name.startswith("ChildLimits.")}
    assert named == set(vars(ChildLimits()))


def test_every_type_is_on_the_page() -> None:
    fields = (["cv", "letter_file"], ["other_file"])
    for (_, types, endings), names in zip(rows("What is taken"), fields, strict=True):
        kinds = [MediaKind(name) for name in types.split(", ")]
        assert [set(kinds)] * len(names) == [set(FILE_KINDS[name]) for name in names]
        assert re.findall(r"`([^`]+)`", endings) == [SUFFIXES[kind] for kind in kinds]
    assert {name for names in fields for name in names} == set(FILE_KINDS)


def test_every_refusal_and_every_state_of_the_scan_is_on_the_page() -> None:
    assert [row[0].strip("`") for row in rows("What is refused")] == Refusal.values
    assert [row[0].strip("`") for row in rows("The virus scan")] == ScanState.values


def test_what_the_form_tells_people_is_on_the_page() -> None:
    assert sorted(MESSAGES) == sorted(row[0].strip("`") for row in rows("What is refused"))


@pytest.mark.parametrize(("address", "network"), [("203.0.113.9", "/24"), ("2001:db8:1::1", "/48")])
def test_a_network_is_what_the_page_says(rf: Any, address: str, network: str) -> None:
    assert address_prefix(rf.get("/", REMOTE_ADDR=address)).endswith(network)
    assert network in PAGE
