"""A million candidates with what belongs to them, seeded by SQL: 11.7 rows of five tables each, and files' rows."""

from datetime import datetime, timedelta
from typing import Any

ONE_CANDIDATE = {"applications": 1.2, "notes": 3.0, "interactions": 5.0, "documents": 1.5}
TABLES = (
    "candidates_document",
    "candidates_interaction",
    "candidates_note",
    "candidates_application",
    "candidates_candidate",
)
"""Those that the five bare statements delete from, leaves first."""


def fill(groups: list[tuple[int, datetime]]) -> None:
    """Seed so many candidates of each group, whose time is over at the group's instant."""
    from django.db import connection

    model = _model_rows()
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")  # no foreign key is looked up a million times
        cursor.execute(
            "CREATE TEMP TABLE fresh (id uuid DEFAULT gen_random_uuid(), n bigserial, expires timestamptz, app uuid "
            "DEFAULT gen_random_uuid())"
        )
        for count, expires in groups:
            cursor.execute("INSERT INTO fresh (expires) SELECT %s FROM generate_series(1, %s)", [expires, count])
        address = "'p' || c.n || '@example.org'"
        _copy(
            cursor, model["Candidate"], "fresh c",
            id="c.id", person_ref="c.id", address=address, email=address, expires_at="c.expires", erase_at="c.expires",
        )  # fmt: skip
        _copy(
            cursor, model["Application"], "fresh c CROSS JOIN LATERAL generate_series(1, 1 + (c.n %% 5 = 0)::int) g",
            id="CASE g WHEN 1 THEN c.app ELSE gen_random_uuid() END", candidate="c.id",
            reference="'B' || lpad(to_hex(c.n), 8, '0') || g", submission_key="gen_random_uuid()",
        )  # fmt: skip
        for name, each in (("Note", "3"), ("Interaction", "5")):
            _copy(
                cursor, model[name], f"fresh c CROSS JOIN generate_series(1, {each}) g",
                id="gen_random_uuid()", candidate="c.id", application="c.app",
            )  # fmt: skip
        files = "fresh c CROSS JOIN LATERAL generate_series(1, 1 + (c.n %% 2)::int) g"
        cursor.execute(f"CREATE TEMP TABLE papers AS SELECT c.id, c.app, gen_random_uuid() AS file FROM {files}"
                       .replace("%%", "%"))  # fmt: skip
        _copy(cursor, model["StoredFile"], "papers c", id="c.file", owner_ref="c.id", key="c.id || '/' || c.file")
        _copy(
            cursor, model["Document"], "papers c",
            id="gen_random_uuid()", candidate="c.id", application="c.app", stored_file="c.file",
        )  # fmt: skip
        cursor.execute("DROP TABLE fresh, papers")
        cursor.execute("SET session_replication_role = DEFAULT")
        cursor.execute("ANALYZE")


def _model_rows() -> dict[str, Any]:
    """One real row of each table, made by the services, which the others are copies of."""
    from datetime import UTC

    from audit.models import AuditEvent
    from candidates.enums import InteractionKind
    from candidates.models import Application, Candidate, Document, Interaction, Note
    from candidates.services.interactions import record_interaction
    from candidates.services.notes import add_note
    from common.actors import staff
    from files.models import StoredFile
    from tests.factories import people

    if not Candidate.objects.exists():
        from accounts.enums import Role

        at = datetime(2026, 11, 24, 9, tzinfo=UTC)
        sent = people.application(at, None, is_confirmed=False)
        actor = staff(people.user(Role.RECRUITER, "rea@example.org").pk)
        add_note(sent.candidate_id, text="A note about a talk, as long as people write them.", actor=actor, at=at)
        record_interaction(
            sent.candidate_id, kind=InteractionKind.CALL, occurred_at=at, text="A call.", actor=actor, at=at
        )
        assert AuditEvent.objects.exists()
    return {model.__name__: model for model in (Candidate, Application, Note, Interaction, Document, StoredFile)}


def _copy(cursor: Any, model: Any, source: str, **changed: str) -> None:
    """Insert one copy of the table's first row for each row of ``source``, with other values in some columns."""
    names, values = [], []
    for column in model._meta.concrete_fields:
        names.append(f'"{column.column}"')
        values.append(changed.get(column.name, f'm."{column.column}"'))
    table = model._meta.db_table
    cursor.execute(
        f"INSERT INTO {table} ({', '.join(names)}) SELECT {', '.join(values)} FROM {source}, "
        f"(SELECT * FROM {table} LIMIT 1) m".replace("%%", "%")
    )


def let_large_runs_pass(at: datetime) -> None:
    """A history in which such runs are usual, so that the circuit breaker lets them go."""
    from privacy.services.runs import record_run

    for days in range(1, 31):
        record_run(
            {"due": 10**6, "erased": 10**6, "released": 0, "blocked": 0}, at=at - timedelta(days=days), boot=None
        )
