"""Many people in a database of a test's own, and a worker that erases them; it runs in a child of parts/forks.py."""

import json
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from django.apps import apps
from django.core.management import call_command
from django.db import InterfaceError, OperationalError, connection

from accounts.enums import Role
from audit.enums import Action
from audit.models import AuditEvent
from candidates.models import Candidate
from candidates.services.erasure import request_erasure
from common.actors import candidate
from files.models import StoredFile
from mailing.enums import EmailKind
from mailing.models import OutboxEmail
from privacy import registry
from privacy.enums import LedgerKind
from privacy.models import LedgerRecord
from privacy.services import erasure, ledger
from tests.factories import people

Say = Callable[[str], object]
DAY = timedelta(hours=24)
TRIES = 20


def gather(say: Say, count: int, at: str) -> None:
    """Make the tables, and people who are alike in everything, who all ask to be erased and are due at ``at``."""
    call_command("migrate", verbosity=0)
    then = datetime.fromisoformat(at) - DAY
    position = people.position(people.user(Role.RECRUITER, "rea@example.org"))
    for number in range(count):
        person = people.application(then, position, email=f"{number}@example.org").candidate
        request_erasure(person.person_ref, actor=candidate(person.person_ref), at=then)
    say(str(Candidate.objects.count()))


def disperse(say: Say, at: str, size: int) -> None:
    """Erase them in batches of ``size``, as a worker does whose connections break: the task fails, and another comes.

    Says "broken" for each failure, then of how many people something is there and something is not; "done" at the end.
    """
    erasure.BATCH_SIZE = size
    now = datetime.fromisoformat(at)
    for _ in range(TRIES):
        try:
            erasure.erase_due(at=now)
        except (OperationalError, InterfaceError):
            say("broken")
            say(str(_half()))
            now += erasure.LEASE
        else:
            say("done")
            return


def _half() -> int:
    """Of how many people some tables have rows and others have not, when the database answers again."""
    connection.close()
    while True:
        try:
            connection.ensure_connection()
            break
        except OperationalError:
            time.sleep(0.05)
    found: dict[UUID, set[str]] = defaultdict(set)
    for table in registry.erasable():
        if table.erased_by:
            rows = apps.get_model(table.model)._base_manager
            for ref in rows.values_list(table.erased_by, flat=True).distinct():
                found[ref].add(table.model)
    whole = set.union(*found.values()) if found else set()
    return sum(tables != whole for ref, tables in found.items() if ref)


def look(say: Say) -> None:
    """Say what is left and what was recorded, as JSON."""
    completed = LedgerRecord.objects.filter(kind=LedgerKind.ERASURE_COMPLETED)
    named = Counter(ref for entry in completed for ref in ledger.decode(entry.content)["candidates"])
    erased = Counter(AuditEvent.objects.filter(action=Action.ERASED).values_list("subject_ref", flat=True))
    found = {
        "people": Candidate.objects.count(),
        "files": StoredFile.objects.count(),
        "completed": sorted(Counter(named.values()).items()),
        "erased": sorted(Counter(erased.values()).items()),
        "told": OutboxEmail.objects.filter(kind=EmailKind.ERASURE_STATEMENT, state="QUEUED").count(),
        "ledger": ledger.verify(),
    }
    say(json.dumps(found))
