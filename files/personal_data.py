"""What files keep about people."""

from common.data_map import KEY, TECHNICAL, Erasure, Export, Handling, Personal, Subject, Table

TABLES = [
    Table(
        model="files.StoredFile",
        handling=Handling(
            Subject.CANDIDATE,
            "keeping the files that a candidate wished to send (policy §3)",
            "steps at the person's request, GDPR Art. 6(1)(b)",
            "as its candidate; 24 hours if it was never sent",
            Erasure.DELETE,
        ),
        erased_by="owner_ref",
        fields={
            "id": KEY,
            "owner_ref": "opaque reference",
            "key": "random name of the object, which goes first and in all its versions",
            "name": Personal("name of the file", Export.ACCESS_AND_PORTABILITY),
            "kind": Personal("type of the file"),
            "size": Personal("size"),
            "sha256": Personal("hash of the file"),
            "state": TECHNICAL,
            "created_at": Personal("when it was sent"),
            "expires_at": TECHNICAL,
            "part": TECHNICAL,
            "made_of": "key of the original",
            "page": TECHNICAL,
            "scan": Personal("what the virus scan said"),
            **dict.fromkeys(("scanned_at", "scan_after", "scan_tries", "read_after", "read_tries"), TECHNICAL),
        },
    ),
]
