"""``manage.py files doctor|reconcile|scan|print-policy``."""

import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from common import clock
from common.commands import FAILED, Answer, only_one
from files import bucket_rules, doctor, scanning
from files import reconcile as files
from files.errors import StoreError
from files.scanning import Scanned
from privacy.services import reconcile
from privacy.services.refused_files import drop_refused_files

LOCK = 7_161


class Command(BaseCommand):
    help = (
        "Whether the stores are as they must be. 'doctor' asks them how they are set up, line by line, and compares "
        "that of files with the database; it changes nothing. 'reconcile' repairs as the nightly task does (a dry run "
        "unless --execute is given): it deletes objects that no row has known for 24 hours, old versions, and uploads "
        "that never ended, and recomputes dates that disagree with the rule. A row whose object is lost is never "
        "dropped. 'scan' lets the virus scanner look at everything that it has not seen, files included that came "
        "before there was one. 'print-policy' prints what the buckets need. Exit codes: 0 all agrees or is repaired, "
        "1 failed, or the doctor found something, 2 usage, 4 something is left to look at, 75 another run is on."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True)
        for act in ("doctor", "reconcile", "scan"):
            acts.add_parser(act).add_argument("--format", choices=("text", "json"), default="text")
        looking = acts.choices["doctor"]
        looking.add_argument(
            "--json", action="store_const", const="json", dest="format", help="the same as --format json"
        )
        looking.add_argument("--strict", action="store_true", help="what a store does not know is a fault as well")
        repairing = acts.choices["reconcile"]
        repairing.add_argument("--execute", action="store_true", help="repair; without it nothing is done")
        repairing.add_argument(
            "--all", action="store_true", help="purge unknown objects however many: only if this is the right database"
        )
        printing = acts.add_parser("print-policy")
        printing.add_argument("--bucket", metavar="NAME", help="the bucket of candidates' files, if not the settings'")
        printing.add_argument("--ledger", metavar="NAME", help="the bucket of the ledger, if not the settings'")
        printing.add_argument("--region", metavar="R", help="where the buckets are, if not in the settings' region")
        printing.add_argument("--origin", metavar="URL", help="the site's address, if not the settings'")
        printing.add_argument(
            "--into", metavar="FOLDER", type=Path, help="write them, without names, as deploy/s3 has them"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["act"] == "print-policy":
            self._print_policy(options)
            return
        is_dry = options["act"] == "reconcile" and not options["execute"]
        answer = Answer(f"files {options['act']}", is_dry=is_dry, at=clock.now())
        try:
            if options["act"] == "doctor":
                self._examine(answer, is_strict=options["strict"])
            elif options["act"] == "scan":
                _scan(answer)
            elif is_dry:
                self._look(answer)
            else:
                with only_one(LOCK, "reconciliation"):
                    self._repair(answer, is_sure=options["all"])
        except StoreError as error:
            raise CommandError(f"the store does not answer or refuses: {error}") from error
        self.stdout.write(answer.as_json() if options["format"] == "json" else answer.as_text())
        if options["act"] == "doctor" and answer.errors:
            sys.exit(FAILED)
        answer.exit()

    def _examine(self, answer: Answer, *, is_strict: bool) -> None:
        """How the stores are set up, and then whether they agree, as far as they answer."""
        wrong = {doctor.Verdict.WRONG} | ({doctor.Verdict.UNKNOWN} if is_strict else set())
        found = doctor.examine()
        try:
            self._look(answer)
        except StoreError as error:
            answer.errors = [{"problem": f"store and database were not compared: {error}"}]
        except DatabaseError as error:  # before the database is there, the stores can be looked at
            answer.errors = [{"problem": f"store and database were not compared: {type(error).__name__}"}]
        lines = [
            {"verdict": item.verdict.value, "store": item.store, "rule": item.rule, "text": item.text} for item in found
        ]
        answer.items = [*lines, *answer.items]
        answer.errors = [
            *(line for line, item in zip(lines, found, strict=True) if item.verdict in wrong),
            *answer.errors,
        ]

    def _print_policy(self, options: dict[str, Any]) -> None:
        if options["into"]:
            for name, document in bucket_rules.templates().items():
                (options["into"] / f"{name}.json").write_text(f"{json.dumps(document, indent=2)}\n", encoding="utf-8")
            return
        self.stdout.write(
            "\n".join(policies(**{name: options[name] for name in ("bucket", "ledger", "region", "origin")}))
        )

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


def policies(
    *, bucket: str | None = None, ledger: str | None = None, region: str | None = None, origin: str | None = None
) -> Iterator[str]:
    """What the buckets must be set to and who may use them, with the names of this installation or with these."""
    files_options, ledger_options = (settings.STORAGES[alias]["OPTIONS"] for alias in doctor.ALIASES)
    place = region or files_options.get("region_name")
    documents = bucket_rules.documents(
        bucket or files_options.get("bucket_name") or bucket_rules.FILES,
        ledger or ledger_options.get("bucket_name") or bucket_rules.LEDGER,
        origin=(origin or settings.SITE_URL).rstrip("/"),
        algorithm=files_options.get("object_parameters", {}).get("ServerSideEncryption") or bucket_rules.ENCRYPTIONS[0],
    )
    if place:
        documents["region"] = {"LocationConstraint": place}
    for title, document in documents.items():
        yield f"# {title}\n{json.dumps(document, indent=2)}\n"
