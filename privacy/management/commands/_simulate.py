"""``retention simulate``: who falls due when, and what another base period would make of it. It changes nothing."""

from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.core.management.base import CommandError

from common.commands import USAGE, Answer
from privacy.selectors.horizon import MONTHS, Horizon, horizon


def add_arguments(parser: ArgumentParser) -> None:
    """The arguments of its own."""
    parser.add_argument("--months", type=int, help="the base period to try, in months; that in force without it")
    parser.add_argument("--ahead", type=int, default=MONTHS, help=f"how many months to look ahead, {MONTHS} without it")


def simulate(options: dict[str, Any], at: datetime) -> Answer:
    """The answer: a line for each month and one for each position. Raises CommandError for a period out of range."""
    try:
        found = horizon(at, months=options["ahead"], retention_months=options["months"])
    except ValueError as error:
        raise CommandError(str(error), returncode=USAGE) from error
    answer = Answer("retention simulate", is_dry=False, at=at)
    answer.items = [*_months(found), *_positions(found)]
    answer.counts = {
        "months kept": found.retention_months,
        "people": found.total,
        "due now": found.now,
        "later": found.later,
        "kept back": found.kept_back,
    }
    return answer


def _months(found: Horizon) -> list[dict[str, Any]]:
    return [{"month": f"{month.first:%Y-%m}", "people": month.people} for month in found.months]


def _positions(found: Horizon) -> list[dict[str, Any]]:
    return [
        {
            "position": str(row.position_id) if row.position_id else None,
            "title": row.title_en or "(no position)",
            "people": row.total,
            "by_month": {
                f"{month.first:%Y-%m}": people for month, people in zip(found.months, row.months, strict=True)
            },
        }
        for row in found.positions
    ]
