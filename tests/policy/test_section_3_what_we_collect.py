"""§3: what is collected about candidates and what for; nothing about traits (Act 759/2004 §3)."""

from django.apps import apps

from candidates.forms.apply import ApplicationForm
from common.data_map import Subject
from privacy import registry

FORBIDDEN = ("birth", "gender", "nationality", "photo", "marital", "religion", "health", "hetu", "ssn", "union", "age")


def test_there_is_no_field_for_what_must_not_be_asked() -> None:
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            assert not set(field.name.split("_")) & set(FORBIDDEN), field


def test_a_candidate_has_the_purpose_of_recruitment_only() -> None:
    purposes = {
        table.handling.purpose
        for label, table in registry.tables().items()
        if label.startswith("candidates.") and table.handling.subject is Subject.CANDIDATE
    }
    assert purposes == {
        "handling the application and communicating about it (policy §3)",
        "defence against a legal claim",
        "not approaching somebody again who does not want it",
    }


def test_the_form_asks_for_what_the_policy_lists_and_requires_two_things() -> None:
    form = ApplicationForm()
    assert [name for name, field in form.fields.items() if field.required] == ["name", "email"]
    assert set(form.fields) == {
        "name", "email", "phone", "cv", "linkedin", "github", "links", "cover_letter", "letter_file", "skills",
        "interests", "other_file", "has_longer_storage",
    }  # fmt: skip
