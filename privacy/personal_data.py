"""What privacy keeps about people, and what third-party apps keep."""

from dataclasses import replace

from common.data_map import KEY, TECHNICAL, Erasure, Export, Handling, Personal, Subject, Table

NOBODY = Handling(
    subject=Subject.NOBODY,
    purpose="running the portal",
    basis="no personal data",
    period="no personal data",
    erasure=Erasure.NONE,
)
STAFF = Handling(
    subject=Subject.STAFF,
    purpose="managing the account and authorising access (policy §3)",
    basis="performance of a contract, GDPR Art. 6(1)(b)",
    period="12 hours",
    erasure=Erasure.EXPIRE,
)
LOCKOUT = replace(
    STAFF,
    purpose="refusing guessed passwords",
    basis="legitimate interest in security, GDPR Art. 6(1)(f)",
    period="unused: lockouts are counted in the cache for 15 minutes",
)

ACCOUNTABILITY = Handling(
    Subject.CANDIDATE,
    "showing what was done, and when",
    "legal obligation, GDPR Art. 5(2)",
    "two calendar years",
    Erasure.KEEP_PSEUDONYMOUS,
)

OWN = [
    Table(
        model="privacy.ErasureBatch",
        handling=Handling(
            Subject.CANDIDATE,
            "carrying out erasures (policy §7, §8)",
            "legal obligation, GDPR Art. 17",
            "two calendar years",
            Erasure.KEEP_PSEUDONYMOUS,
        ),
        fields={
            "candidate_refs": Personal("whose data were erased, as opaque references", Export.NONE),
            "id": KEY,
            **dict.fromkeys(
                (
                    "trigger",
                    "state",
                    "counts",
                    "claimed_at",
                    "lease_until",
                    "fence",
                    "attempts",
                    "blocked_by",
                    "blocked_since",
                    "has_mailbox",
                    "mailbox_waits_since",
                    "mailbox_purged_at",
                    "finished_at",
                ),
                TECHNICAL,
            ),
            "mailbox_purged_by": Personal("who purged a mailbox", Export.NONE),
        },
    ),
    Table(
        model="privacy.ErasureCase",
        handling=ACCOUNTABILITY,
        fields={
            "candidate_ref": Personal("whose erasure it is, as an opaque reference", Export.NONE),
            "number": Personal("the case number that the person was told", Export.NONE),
            "id": KEY,
            **dict.fromkeys(
                ("state", "reason", "counts", "batch_ref", "opened_at", "waits_until", "closed_at"), TECHNICAL
            ),
        },
    ),
    Table(
        model="privacy.SubjectRequest",
        handling=replace(
            ACCOUNTABILITY,
            purpose="answering people's requests in time (policy §8)",
            basis="legal obligation, GDPR Art. 12 to 22",
            period="three calendar years after the answer, without the identity",
        ),
        fields={
            "id": KEY,
            "number": Personal("case number"),
            "kind": Personal("what was asked for"),
            "channel": Personal("how it came"),
            "person_ref": "opaque reference",
            "address": Personal("address to answer to, wiped when the request is closed"),
            "language": Personal("language of the answer"),
            "received_at": Personal("when it came"),
            "recorded_at": TECHNICAL,
            "recorded_by": Personal("who recorded it", Export.NONE),
            "due_on": Personal("when it is to be answered"),
            "limit_on": Personal("when it has to be answered"),
            "extended_at": Personal("when the person was told that it takes longer"),
            "decision": Personal("how it was decided"),
            "decision_ground": Personal("on which ground"),
            "closed_at": Personal("when it was answered"),
            "closed_by": Personal("who answered it", Export.NONE),
        },
    ),
    Table(
        model="privacy.BulkErasure",
        handling=ACCOUNTABILITY,
        fields={
            "id": KEY,
            "person_refs": Personal("whose erasure was asked for, as opaque references", Export.NONE),
            "asked_by": Personal("who asked", Export.NONE),
            "decided_by": Personal("who decided", Export.NONE),
            **dict.fromkeys(("asked_at", "decided_at", "is_approved"), TECHNICAL),
        },
    ),
    Table(
        model="privacy.RetentionRun",
        handling=NOBODY,
        fields=dict.fromkeys(
            (
                "id",
                "at",
                "due",
                "erased",
                "released",
                "blocked",
                "base_months",
                "unanswered_months",
                "boot_ref",
                "since_boot",
            ),
            TECHNICAL,
        ),
    ),
    Table(
        model="privacy.RunStop",
        handling=replace(
            STAFF,
            purpose="stopping an erasure that looks wrong",
            basis="legal obligation, GDPR Art. 32",
            period="until the account is deleted",
            erasure=Erasure.WITH_ACCOUNT,
        ),
        fields={
            "id": KEY,
            "objected_by": Personal("who objected", Export.NONE),
            "approved_by": Personal("who approved", Export.NONE),
            "approval_reason": Personal("why it was approved", Export.NONE),
            **dict.fromkeys(
                ("reason", "raised_at", "due", "usual", "goes_on_at", "objected_at", "approved_at", "closed_at"),
                TECHNICAL,
            ),
        },
    ),
    Table(
        model="privacy.Alarm",
        handling=NOBODY,
        fields={"id": KEY, **dict.fromkeys(("kind", "ref", "number", "raised_at", "cleared_at"), TECHNICAL)},
    ),
    Table(
        model="privacy.JournalEntry",
        handling=NOBODY,
        fields=dict.fromkeys(("event_ref", "ledger_number"), TECHNICAL),
    ),
    Table(
        model="privacy.Replay",
        handling=ACCOUNTABILITY,
        fields={
            "id": TECHNICAL,
            "at": TECHNICAL,
            "report": Personal("what was done again, as opaque references and counts", Export.NONE),
        },
    ),
    Table(
        model="privacy.LedgerRecord",
        handling=Handling(
            Subject.CANDIDATE,
            "proving erasures and repeating them after a restore",
            "legal obligation, GDPR Art. 5(2) and 17",
            "two calendar years",
            Erasure.KEEP_PSEUDONYMOUS,
        ),
        fields={
            "content": Personal("whose data were erased, as opaque references", Export.NONE),
            **dict.fromkeys(("number", "kind", "sha256", "reserved_at", "written_at"), TECHNICAL),
        },
    ),
]

THIRD_PARTY = [
    Table(model="auth.Group", fields={"id": TECHNICAL, "name": "name of a role"}, handling=NOBODY),
    Table(
        model="auth.Group_permissions", fields=dict.fromkeys(("id", "group", "permission"), TECHNICAL), handling=NOBODY
    ),
    Table(
        model="auth.Permission",
        fields=dict.fromkeys(("id", "name", "content_type", "codename"), TECHNICAL),
        handling=NOBODY,
    ),
    Table(
        model="contenttypes.ContentType", fields=dict.fromkeys(("id", "app_label", "model"), TECHNICAL), handling=NOBODY
    ),
    Table(
        model="sessions.Session",
        handling=STAFF,
        fields={
            "session_key": Personal("random key of a staff session", Export.NONE),
            "session_data": Personal("which user is signed in, and since when", Export.NONE),
            "expire_date": TECHNICAL,
        },
    ),
    Table(
        model="admin.LogEntry",
        handling=Handling(
            subject=Subject.STAFF,
            purpose="showing who changed positions and users in the admin",
            basis="legitimate interest in security, GDPR Art. 6(1)(f)",
            period="until the account is deleted; rows about a candidate go with the candidate",
            erasure=Erasure.DELETE,
        ),
        erased_by="object_id",
        fields={
            "id": TECHNICAL,
            "action_time": Personal("when"),
            "user": Personal("who"),
            "content_type": TECHNICAL,
            "object_id": "opaque key",
            "object_repr": "short form of the key: __str__ of personal models shows no more",
            "action_flag": TECHNICAL,
            "change_message": "names of fields, never values",
        },
    ),
    *(
        Table(
            model=f"axes.{name}",
            fields={
                "id": TECHNICAL,
                **{
                    field: Personal("a failed or made sign-in", Export.NONE)
                    for field in (*common, *more)
                },
            },
            handling=LOCKOUT,
        )
        for common in [("user_agent", "ip_address", "username", "http_accept", "path_info", "attempt_time")]
        for name, more in (
            ("AccessAttempt", ("get_data", "post_data", "failures_since_start")),
            ("AccessLog", ("logout_time", "session_hash")),
            ("AccessFailureLog", ("locked_out",)),
        )
    ),
    Table(
        model="axes.AccessAttemptExpiration",
        fields={"access_attempt": TECHNICAL, "expires_at": TECHNICAL},
        handling=LOCKOUT,
    ),
]  # fmt: skip

TABLES = [*OWN, *THIRD_PARTY]
