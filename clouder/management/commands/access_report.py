"""``manage.py access_report --from T --to T [--actor X] [--object X]``."""

from argparse import ArgumentParser
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand

from audit import selectors
from audit.enums import Action
from audit.services import record_event
from candidates.models import Candidate
from common import clock
from common.actors import SYSTEM
from common.commands import Answer, instant

CHUNK = 1_000


class Command(BaseCommand):
    help = (
        "Whose data somebody of the staff looked at, in what way, when and why: for finding out what a breach reached "
        "(GDPR Art. 33). Looks are kept for one calendar year. Records that were erased since are counted and cannot "
        "be resolved any more. The reading is itself recorded. Exit codes: 0 done, 2 usage."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--from", dest="since", type=instant, required=True, help="Helsinki time, inclusive")
        parser.add_argument("--to", dest="until", type=instant, required=True, help="Helsinki time, exclusive")
        parser.add_argument("--actor", type=UUID, help="the id of a user")
        parser.add_argument("--object", type=UUID, help="the id of a file or of another thing that was looked at")
        parser.add_argument("--format", choices=("text", "json"), default="text")

    def handle(self, *args: Any, **options: Any) -> None:
        answer = Answer("access_report", is_dry=False, at=clock.now())
        rows = selectors.access_report(
            as_of=answer.at,
            since=options["since"],
            until=options["until"],
            actor_ref=options["actor"],
            object_ref=options["object"],
        )
        people: set[UUID] = set()
        for row in rows.iterator(chunk_size=CHUNK):
            people.update(row.subject_refs)
            answer.items.append(
                {
                    "at": row.at.isoformat(),
                    "access": row.access,
                    "purpose": row.purpose,
                    "actor_kind": row.actor_kind,
                    "actor": str(row.actor_ref) if row.actor_ref else None,
                    "object": str(row.object_ref) if row.object_ref else None,
                    "candidates": [str(ref) for ref in row.subject_refs],
                }
            )
        there = still_there(sorted(people))
        answer.counts = {"looks": len(answer.items), "records": len(people), "erased since": len(people) - there}
        record_event(
            Action.ACCESS_REPORTED, at=answer.at, actor=SYSTEM, object_ref=options["actor"] or options["object"],
            details={"looks": len(answer.items), "records": len(people)},
        )  # fmt: skip
        self.stdout.write(answer.as_json() if options["format"] == "json" else answer.as_text())


def still_there(refs: list[UUID]) -> int:
    """How many of these records exist."""
    parts: Iterable[list[UUID]] = (refs[start : start + CHUNK] for start in range(0, len(refs), CHUNK))
    return sum(Candidate.objects.filter(pk__in=part).count() for part in parts)
