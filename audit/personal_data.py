"""What the audit log keeps: opaque references, so that nobody is known by it once their records are gone."""

from common.data_map import TECHNICAL, Erasure, Handling, Personal, Subject, Table

TABLES = [
    Table(
        model="audit.AuditEvent",
        handling=Handling(
            Subject.CANDIDATE,
            "accountability and security (policy §9)",
            "legal obligation, GDPR Art. 5(2) and 32",
            "two calendar years",
            Erasure.KEEP_PSEUDONYMOUS,
        ),
        fields={
            "id": TECHNICAL,
            "at": Personal("when"),
            "action": Personal("what was done"),
            "actor_kind": Personal("by which side"),
            "actor_ref": Personal("by whom, as an opaque reference"),
            "subject_ref": Personal("about whom, as an opaque reference"),
            "object_ref": "opaque reference",
            "details": "enums, ids and numbers; the service takes nothing else",
        },
    ),
    Table(
        model="audit.AccessEvent",
        handling=Handling(
            Subject.CANDIDATE,
            "accountability and security (policy §9)",
            "legal obligation, GDPR Art. 5(2) and 32",
            "one calendar year (policy §7)",
            Erasure.KEEP_PSEUDONYMOUS,
        ),
        fields={
            "id": TECHNICAL,
            "at": Personal("when"),
            "access": Personal("how the data were looked at"),
            "purpose": Personal("why"),
            "actor_kind": Personal("by which side"),
            "actor_ref": Personal("by whom, as an opaque reference"),
            "subject_refs": Personal("at whom, as opaque references"),
            "object_ref": "opaque reference",
        },
    ),
]
