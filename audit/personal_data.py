"""What the audit log keeps: opaque references, so that nobody is known by it once their records are gone."""

from common.data_map import TECHNICAL, Erasure, Personal, Subject, Table

TABLES = [
    Table(
        model="audit.AuditEvent",
        subject=Subject.CANDIDATE,
        purpose="accountability and security (policy §9)",
        basis="legal obligation, GDPR Art. 5(2) and 32",
        period="two calendar years",
        erasure=Erasure.KEEP_PSEUDONYMOUS,
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
        subject=Subject.CANDIDATE,
        purpose="accountability and security (policy §9)",
        basis="legal obligation, GDPR Art. 5(2) and 32",
        period="one calendar year (policy §7)",
        erasure=Erasure.KEEP_PSEUDONYMOUS,
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
