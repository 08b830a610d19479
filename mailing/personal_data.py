"""What mailing keeps about people."""

from common.data_map import KEY, TECHNICAL, Erasure, Export, Handling, Personal, Subject, Table

TABLES = [
    Table(
        model="mailing.OutboxEmail",
        handling=Handling(
            Subject.CANDIDATE,
            "communicating about the application (policy §3)",
            "steps at the person's request, GDPR Art. 6(1)(b)",
            "the text until delivery; kind, time and outcome as the candidate",
            Erasure.DELETE,
        ),
        erased_by="subject_ref",
        process_time="queued_at",
        fields={
            "id": KEY,
            "kind": Personal("kind of mail"),
            "state": Personal("outcome"),
            "to_address": Personal("e-mail address"),
            "language": Personal("language"),
            "context": Personal("what the mail says; wiped at delivery", Export.NONE),
            "subject_ref": "opaque reference",
            "dedupe_key": TECHNICAL,
            "queued_at": Personal("when it was queued"),
            "next_try_at": TECHNICAL,
            "attempts": TECHNICAL,
            "sent_at": Personal("when it was sent"),
        },
    ),
]
