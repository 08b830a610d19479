"""The final POST of an application: its statements, and how it grows with the candidates that are there (goal 7).

BEGIN, COMMIT, savepoints and the cache's own tables are not counted. Growth: the same POST with 10,000 and then with
1,000,000 candidates in the tables; a hundredth of that with ``--quick``.
"""

import os
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from benchmarks import _report as report

SMALL, LARGE = 10_000, 1_000_000
ROUNDS = 25
NOT_COUNTED = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "ROLLBACK")


def prepare() -> Any:
    """A database of its own with one position; returns it."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    from django.conf import settings
    from django.db import connection
    from django.test.utils import setup_test_environment

    setup_test_environment()
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    settings.FORM_MIN_FILL_TIME = timedelta(0)
    settings.SUBMISSIONS_PER_HOUR_AND_PREFIX = settings.FILES_PER_DAY_AND_PREFIX = 10**9
    settings.FORM_POSTS_PER_HOUR_AND_PREFIX = 10**9
    settings.BYTES_PER_DAY_AND_PREFIX = 10**12
    from accounts.enums import Role
    from tests.factories import people

    return people.position(people.user(Role.RECRUITER, "rea@example.org"))


def check_page(client: Any, files: int) -> dict[str, Any]:
    """Walk to the check page with so many files; returns what its form would send."""
    from django.core.files.uploadedfile import SimpleUploadedFile

    from files.samples import pdf
    from tests.factories.browser import form_with, submit

    url = "/en/positions/backend-developer/apply/"
    content = pdf("A CV")
    data: dict[str, Any] = {
        "name": "Aino Esimerkki",
        "email": f"{uuid4().hex}@example.org",
        "github": "https://github.com/aino",
        "has_longer_storage": "on",
        "cv": SimpleUploadedFile("cv.pdf", content),
    }
    answer = submit(client, client.get(url), url, **data)
    for number in range(files - 1):
        answer = submit(client, client.get(url), url, other_file=SimpleUploadedFile(f"{number}.pdf", content))
    assert answer.status_code == 303, answer.content.decode()
    form: dict[str, Any] = form_with(client.get(f"{url}check/"), "token")
    return form


def send(files: int) -> tuple[int, float]:
    """One application; the statements and the seconds of its final POST."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    client = Client()
    form = check_page(client, files)
    with CaptureQueriesContext(connection) as queries:
        began = time.perf_counter()
        answer = client.post(form["action"], form["data"])
        seconds = time.perf_counter() - began
    assert answer.status_code == 303, answer.content.decode()
    counted = [query for query in queries.captured_queries if not query["sql"].lstrip().startswith(NOT_COUNTED)]
    return len(counted), seconds


def fill(rows: int) -> None:
    """Bring the number of candidates, applications and interactions up to ``rows``, in SQL."""
    from django.db import connection

    from candidates.models import Application, Candidate, Interaction
    from policy import retention
    from tests.factories import people

    if not Candidate.objects.exists():
        people.application(datetime.now(UTC) - timedelta(days=1), None)
    model = Candidate.objects.order_by("collected_at").first()
    assert model is not None
    assert model.due_on == retention.due_on(model.last_contact_at)
    missing = rows - Candidate.objects.count()
    address = "c.n || '@example.org'"
    person = {"id": "c.new", "person_ref": "gen_random_uuid()", "address": address, "email": address}
    candidate = _columns(Candidate, person)
    application = _columns(Application, {"id": "gen_random_uuid()", "candidate": "c.new", "reference": "'X' || c.n",
                                         "submission_key": "gen_random_uuid()", "position": "NULL"})  # fmt: skip
    interaction = _columns(Interaction, {"id": "gen_random_uuid()", "candidate": "c.new", "application": "NULL"})
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMP TABLE fresh AS SELECT gen_random_uuid() AS new, 'n' || gen_random_uuid()::text AS long, "
            "substr(md5(random()::text), 1, 11) AS n FROM generate_series(1, %s)",
            [missing],
        )
        cursor.execute("UPDATE fresh SET n = substr(long, 2, 11)")
        for table, (names, values) in (
            ("candidates_candidate", candidate),
            ("candidates_application", application),
            ("candidates_interaction", interaction),
        ):
            cursor.execute(
                f"INSERT INTO {table} ({names}) SELECT {values} FROM fresh c, (SELECT * FROM {table} LIMIT 1) m "
                "ON CONFLICT DO NOTHING"
            )
        cursor.execute("DROP TABLE fresh")
        cursor.execute("ANALYZE")


def _columns(model: Any, changed: dict[str, str]) -> tuple[str, str]:
    """Columns of a table, and what a copied row has in them."""
    fields = model._meta.concrete_fields
    names = ", ".join(f'"{field.column}"' for field in fields)
    return names, ", ".join(changed.get(field.name, f'm."{field.column}"') for field in fields)


def main() -> None:
    """Measure and report."""
    options = report.arguments("apply", __doc__ or "")
    small, large = (SMALL // 100, LARGE // 100) if options.quick else (SMALL, LARGE)
    rounds = 3 if options.quick else ROUNDS
    prepare()
    one, _ = send(1)
    ten, _ = send(10)
    print(f"statements of the final POST: {one} with one file, {ten} with ten")
    fill(small)
    few = [send(1)[1] for _ in range(rounds)]
    fill(large)
    many = [send(1)[1] for _ in range(rounds)]
    report.table([(f"{small:,} candidates", few), (f"{large:,} candidates", many)])
    ratios = {"statements": float(max(one, ten)), "growth_10k_to_1m": report.median(many) / report.median(few)}
    goals_met = one == ten and one <= 20 and ratios["growth_10k_to_1m"] <= 1.3
    report.finish("apply", ratios, goals_met=goals_met, quick=options.quick)


if __name__ == "__main__":
    main()
