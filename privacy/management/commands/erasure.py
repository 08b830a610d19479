"""``manage.py erasure status|verify|statement``."""

from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from common import clock
from common.commands import Answer
from common.lookups import Refs
from files.errors import StoreError
from files.services import remaining_objects
from privacy.models import ErasureBatch
from privacy.selectors.statements import Statement, ledger_entries_about, statement_of
from privacy.services import rows


class Command(BaseCommand):
    help = (
        "'status' lists the erasures that are not done and says what each waits for; with a job's UUID that one. "
        "'verify' looks whether anything of a record is left in the database or the bucket, and what the ledger says. "
        "'statement' shows what an auditor may see of a case number. Nothing here changes anything. "
        "Exit codes: 0 done, nothing left; 1 something is left or nothing known; 2 usage."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True)
        status = acts.add_parser("status")
        status.add_argument("job", type=UUID, nargs="?", help="the UUID of a job; without it all that are not done")
        verify = acts.add_parser("verify")
        verify.add_argument("candidate", type=UUID, help="the UUID of a record")
        statement = acts.add_parser("statement")
        statement.add_argument("case", help="a case number, such as E-1A2B3C4D")
        for act in acts.choices.values():
            act.add_argument("--format", choices=("text", "json"), default="text")

    def handle(self, *args: Any, **options: Any) -> None:
        answer = Answer(f"erasure {options['act']}", is_dry=False, at=clock.now())
        if options["act"] == "status":
            self._status(answer, options["job"])
        elif options["act"] == "verify":
            self._verify(answer, options["candidate"])
        else:
            self._statement(answer, options["case"])
        self.stdout.write(answer.as_json() if options["format"] == "json" else answer.as_text())
        answer.exit()

    def _status(self, answer: Answer, job: UUID | None) -> None:
        batches = ErasureBatch.objects.filter(pk=job) if job else ErasureBatch.objects.unfinished()
        for batch in batches.order_by("claimed_at"):
            answer.items.append(
                {
                    "job": str(batch.pk),
                    "state": batch.state,
                    "records": len(batch.candidate_refs),
                    "since": batch.claimed_at.isoformat(),
                    "waits_for": _waits_for(batch),
                }
            )
        if job and not answer.items:
            raise CommandError(f"no job {job}")
        answer.counts["jobs"] = len(answer.items)

    def _verify(self, answer: Answer, ref: UUID) -> None:
        entries = ledger_entries_about(ref)
        answer.items = [{"ledger": number, "kind": kind} for number, kind in entries]
        found = {rows_.model._meta.label: rows_.count() for rows_ in rows.rows_of(Refs([ref]), [])}
        try:
            found["objects"] = remaining_objects([ref])
        except StoreError as error:
            raise CommandError(f"the bucket does not answer: {error}") from error
        answer.errors = [{"left in": name, "number": number} for name, number in found.items() if number]
        answer.counts["ledger entries"] = len(entries)

    def _statement(self, answer: Answer, case: str) -> None:
        found = statement_of(case)
        if found is None:
            raise CommandError(f"no case {case}")
        answer.items = [_document(found)]


def _waits_for(batch: ErasureBatch) -> str:
    if batch.blocked_by:
        return f"{batch.blocked_by}, again at {batch.lease_until.isoformat()}"
    if batch.mailbox_waits_since and batch.mailbox_purged_at is None:
        return "a mailbox to be purged"
    return ""


def _document(found: Statement) -> dict[str, Any]:
    return {
        "case": found.number,
        "state": found.state,
        "asked_at": found.opened_at.isoformat(),
        "erased_at": found.erased_at.isoformat() if found.erased_at else None,
        "counts": found.counts,
        "held_items": found.held_items,
        "backups_until": found.backups_until.isoformat() if found.backups_until else None,
        "ledger": [{"number": number, "sha256": sha256} for number, sha256 in found.ledger],
    }
