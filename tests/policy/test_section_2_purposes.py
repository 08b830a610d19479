"""§2: what data are for is a closed list; every table and every mail has its purpose in it."""

from pathlib import Path

from common.data_map import Subject
from mailing.enums import EmailKind
from privacy import registry

TEMPLATES = Path(__file__).parents[2] / "templates" / "emails"

PURPOSES = {
    Subject.CANDIDATE: {
        "handling the application and communicating about it (policy §3)",
        "keeping the files that a candidate wished to send (policy §3)",
        "communicating about the application (policy §3)",
        "proving control of an address",
        "keeping a person signed in to their own data",
        "accountability and security (policy §9)",
        "carrying out erasures (policy §7, §8)",
        "proving erasures and repeating them after a restore",
        "showing what was done, and when",
        "answering people's requests in time (policy §8)",
        "defence against a legal claim",
        "not approaching somebody again who does not want it",
    },
    Subject.STAFF: {
        "managing the account and authorising access (policy §3)",
        "authorising access",
        "telling applicants about an opening and whom to ask",
        "showing who changed positions and users in the admin",
        "refusing guessed passwords",
        "stopping an erasure that looks wrong",
        "showing that approaching people was assessed (Act 759/2004 §4)",
    },
    Subject.NOBODY: {"running the portal"},
}


def test_the_purposes_are_a_closed_list() -> None:
    found: dict[Subject, set[str]] = {subject: set() for subject in Subject}
    for table in registry.tables().values():
        found[table.handling.subject].add(table.handling.purpose)
    assert found == PURPOSES


def test_every_mail_is_of_a_kind_and_every_kind_is_about_an_application_or_a_right() -> None:
    folders = {path.name for path in TEMPLATES.iterdir() if path.is_dir()}
    assert folders == set(EmailKind.values)
    assert set(EmailKind.values) == {
        "application_received",
        "application_arrived",
        "application_disowned",
        "file_refused",
        "sign_in_link",
        "erasure_statement",
        "retention_reminder",
        "longer_storage_agreed",
        "longer_storage_invitation",
        "restriction_ends",
        "outreach",
        "staff_task",
        "alarm",
    }
    for folder in folders:
        parts = {path.name for path in (TEMPLATES / folder).iterdir()}
        assert parts >= {"subject.txt", "body.txt", "body.html"}, folder
