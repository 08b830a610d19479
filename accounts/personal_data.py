"""What accounts keep about people."""

from common.data_map import KEY, TECHNICAL, Erasure, Export, Handling, Personal, Subject, Table

TABLES = [
    Table(
        model="accounts.User",
        handling=Handling(
            Subject.STAFF,
            "managing the account and authorising access (policy §3)",
            "performance of a contract, GDPR Art. 6(1)(b)",
            "until the account is deleted (policy §7)",
            Erasure.WITH_ACCOUNT,
        ),
        fields={
            "id": KEY,
            "password": Personal("hash of the password", Export.NONE),
            "last_login": Personal("last sign-in"),
            "is_superuser": Personal("may do everything"),
            "email": Personal("e-mail address"),
            "name": Personal("name"),
            "language": Personal("language"),
            "is_staff": Personal("may sign in"),
            "is_active": Personal("active"),
            "date_joined": Personal("when the account was made"),
        },
    ),
    Table(
        model="accounts.User_groups",
        handling=Handling(
            Subject.STAFF,
            "authorising access",
            "performance of a contract, GDPR Art. 6(1)(b)",
            "until the account is deleted (policy §7)",
            Erasure.WITH_ACCOUNT,
        ),
        fields={"id": TECHNICAL, "user": Personal("who"), "group": Personal("role")},
    ),
    Table(
        model="accounts.User_user_permissions",
        handling=Handling(
            Subject.STAFF,
            "authorising access",
            "performance of a contract, GDPR Art. 6(1)(b)",
            "until the account is deleted (policy §7)",
            Erasure.WITH_ACCOUNT,
        ),
        fields={"id": TECHNICAL, "user": Personal("who"), "permission": Personal("what the user may do")},
    ),
    Table(
        model="accounts.MailedLink",
        handling=Handling(
            Subject.CANDIDATE,
            "proving control of an address",
            "steps at the person's request, GDPR Art. 6(1)(b)",
            "30 minutes for signing in, 7 days for confirming an address, the erase moment for consents and reminders",
            Erasure.DELETE,
        ),
        erased_by="subject_ref",
        erased_by_address="address",
        fields={
            "id": KEY,
            "purpose": "what the link does",
            "token_hash": "hash of a random token",
            "address": Personal("e-mail address", Export.NONE),
            "subject_ref": "opaque reference",
            "language": Personal("language", Export.NONE),
            "created_at": TECHNICAL,
            "expires_at": TECHNICAL,
            "used_at": TECHNICAL,
            "superseded_at": TECHNICAL,
        },
    ),
    Table(
        model="accounts.PortalSession",
        handling=Handling(
            Subject.CANDIDATE,
            "keeping a person signed in to their own data",
            "steps at the person's request, GDPR Art. 6(1)(b)",
            "2 hours",
            Erasure.DELETE,
        ),
        erased_by_address="address",
        fields={
            "id": KEY,
            "token_hash": "hash of a random cookie",
            "address": Personal("e-mail address", Export.NONE),
            "started_at": TECHNICAL,
            "seen_at": TECHNICAL,
            "ended_at": TECHNICAL,
        },
    ),
]
