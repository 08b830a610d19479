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
                ("state", "counts", "claimed_at", "lease_until", "fence", "attempts", "blocked_by", "finished_at"),
                TECHNICAL,
            ),
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
