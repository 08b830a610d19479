"""``manage.py files doctor|reconcile|scan|print-policy``."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from common import clock
from common.commands import Answer, only_one
from files import reconcile as files
from files import scanning
from files.errors import StoreError
from files.scanning import Scanned
from privacy.services import reconcile
from privacy.services.refused_files import drop_refused_files

LOCK = 7_161
FOLDER = Path(settings.BASE_DIR) / "deploy" / "s3"


class Command(BaseCommand):
    help = (
        "Whether the store of files and the database agree. 'doctor' looks and says, 'reconcile' repairs as the "
        "nightly task does (a dry run unless --execute is given): it deletes objects that no row has known for 24 "
        "hours, old versions, and uploads that never ended, and recomputes dates that disagree with the rule. A row "
        "whose object is lost is never dropped. 'scan' lets the virus scanner look at everything that it has not seen, "
        "files included that came before there was one. 'print-policy' prints what the buckets need. "
        "Exit codes: 0 all agrees or is repaired, 1 failed, 2 usage, 4 something is left to look at, 75 another run is "
        "on."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True)
        for act in ("doctor", "reconcile", "scan"):
            acts.add_parser(act).add_argument("--format", choices=("text", "json"), default="text")
        repairing = acts.choices["reconcile"]
        repairing.add_argument("--execute", action="store_true", help="repair; without it nothing is done")
        repairing.add_argument(
            "--all", action="store_true", help="purge unknown objects however many: only if this is the right database"
        )
        acts.add_parser("print-policy")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["act"] == "print-policy":
            self.stdout.write(policies())
            return
        is_dry = options["act"] == "reconcile" and not options["execute"]
        answer = Answer(f"files {options['act']}", is_dry=is_dry, at=clock.now())
        try:
            if options["act"] == "scan":
                _scan(answer)
            elif is_dry or options["act"] == "doctor":
                self._look(answer)
            else:
                with only_one(LOCK, "reconciliation"):
                    self._repair(answer, is_sure=options["all"])
        except StoreError as error:
            raise CommandError(f"the store does not answer or refuses: {error}") from error
        self.stdout.write(answer.as_json() if options["format"] == "json" else answer.as_text())
        answer.exit()

    def _look(self, answer: Answer) -> None:
        found, clocks = files.compare(at=answer.at), reconcile.compare_clocks()
        _describe(answer, found, clocks)
        answer.errors = [item for item in answer.items if item["problem"] != "upload never ended"]
        answer.items = [item for item in answer.items if item["problem"] == "upload never ended"]

    def _repair(self, answer: Answer, *, is_sure: bool) -> None:
        clocks = reconcile.reconcile_clocks(at=answer.at)
        found, done = reconcile.reconcile_files(at=answer.at, is_sure=is_sure)
        _describe(answer, found, clocks)
        answer.counts |= {
            "versions of unknown objects purged": done.unknown,
            "old versions purged": done.behind,
            "uploads ended": done.unfinished,
            "overdue files purged": done.overdue,
        }
        left = {"row without an object"} | ({"object without a row"} if done.is_refused else set())
        answer.errors = [item for item in answer.items if item["problem"] in left]
        answer.items = [item for item in answer.items if item["problem"] not in left]


def _scan(answer: Answer) -> None:
    """Scan in small batches, so that few files are closed at a time; a scanner that stops answering ends it."""
    if not settings.CLAMD_ADDRESS:
        raise CommandError("CLOUDER_CLAMD is empty: there is no virus scanner")
    done, is_more_likely = Scanned(), True
    while is_more_likely:
        scanning.queue_unscanned(at=answer.at, limit=scanning.BATCH)
        scanned = scanning.scan_files(at=answer.at)
        done, is_more_likely = done + scanned, scanned.is_more_likely
    waiting = scanning.count_waiting()
    answer.counts = {
        "clean": done.clean,
        "refused": done.infected,
        "documents deleted": drop_refused_files(at=answer.at),
        "waiting": waiting,
    }
    if waiting:
        answer.errors = ["some files could not be scanned; the worker goes on trying"]


def _describe(answer: Answer, found: files.Comparison, clocks: reconcile.Clocks) -> None:
    """What was found, by kind; keys and ids only, which say nothing of a person."""
    answer.items = [
        *({"problem": "object without a row", "key": key} for key in found.unknown.first),
        *({"problem": "row without an object", "file": str(pk)} for pk in found.missing.first),
        *({"problem": "old versions behind an object", "key": key} for key in found.behind.first),
        *({"problem": "upload never ended", "key": upload.key} for upload in found.unfinished.first),
        *({"problem": "stored date is not the rule's", "person": str(ref)} for ref in clocks.first),
    ]
    answer.counts = {
        "objects": found.objects,
        "rows": found.rows,
        "people": clocks.people,
        "objects without a row": found.unknown.count,
        "rows without an object": found.missing.count,
        "objects with old versions": found.behind.count,
        "uploads that never ended": found.unfinished.count,
        "files past their time": found.overdue,
        "people whose stored date is not the rule's": clocks.disagreeing,
    }


def policies() -> str:
    """What deploy/s3/ says of the buckets and of who may use them, with the names of this installation."""
    names = {
        alias: settings.STORAGES[alias]["OPTIONS"].get("bucket_name") or f"{alias.upper()}_BUCKET"
        for alias in ("files", "ledger")
    }
    parts = []
    for path in sorted(FOLDER.glob("*.json")):
        text = path.read_text(encoding="utf-8")
        for alias, bucket in names.items():
            text = text.replace(f"{alias.upper()}_BUCKET", bucket)
        if ":::BUCKET" in text:
            parts += [
                _policy(f"{path.stem} of {bucket}", text.replace(":::BUCKET", f":::{bucket}"))
                for bucket in names.values()
            ]
        else:
            parts.append(_policy(path.stem, text))
    return "\n".join(parts)


def _policy(title: str, text: str) -> str:
    return f"# {title}\n{json.dumps(json.loads(text), indent=2)}\n"
