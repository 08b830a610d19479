"""The data map is whole: nothing is kept that nobody has classified (scenario 39)."""

from dataclasses import replace

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import models

from common.data_map import Erasure, Handling, Personal, Subject
from privacy import registry


def test_every_field_of_every_model_is_classified() -> None:
    assert registry.problems() == []
    assert len(registry.tables()) == len(apps.get_models(include_auto_created=True))


def test_a_field_that_nobody_classified_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    tables = dict(registry.tables())
    note = tables["candidates.Note"]
    fields = {name: what for name, what in note.fields.items() if name != "text"}
    tables["candidates.Note"] = replace(note, fields={**fields, "mood": Personal("made up")})
    del tables["files.StoredFile"]
    monkeypatch.setattr(registry, "tables", lambda: tables)
    assert registry.problems() == [
        "files.StoredFile is in no personal_data.py",
        "candidates.Note.text is not classified",
        "candidates.Note.mood is classified and does not exist",
    ]


def test_every_table_says_whose_what_for_on_which_ground_and_how_long() -> None:
    for table in registry.tables().values():
        how = table.handling
        assert isinstance(how, Handling)
        assert all((how.purpose, how.basis, how.period)), table.model
        has_personal = any(isinstance(what, Personal) for what in table.fields.values())
        assert has_personal is (how.subject is not Subject.NOBODY) or how.basis.startswith("legitimate"), table.model


def test_rows_of_candidates_are_erased_or_hold_opaque_references_only() -> None:
    for table in registry.tables().values():
        if table.handling.subject is Subject.CANDIDATE:
            expected = Erasure.DELETE if table.erased_by or table.erased_by_address else Erasure.KEEP_PSEUDONYMOUS
            assert table.handling.erasure is expected, table.model


def test_an_erasure_goes_from_the_leaves_to_the_root() -> None:
    order = [table.model for table in registry.erasable()]
    assert order.index("candidates.StageChange") < order.index("candidates.Application")
    assert order.index("candidates.Document") < order.index("files.StoredFile")
    assert order.index("candidates.Application") < order.index("candidates.Candidate")
    for position, label in enumerate(order):
        for field in apps.get_model(label)._meta.concrete_fields:
            target = field.related_model
            if isinstance(target, type) and target._meta.label in order and target._meta.label != label:
                assert position < order.index(target._meta.label), (label, target._meta.label)


def test_what_stands_for_a_row_shows_no_personal_data() -> None:
    for label, table in registry.tables().items():
        model = apps.get_model(label)
        if table.handling.subject is Subject.NOBODY or model._meta.app_label in {"axes", "admin", "sessions"}:
            continue
        if label == "candidates.Position":  # public
            continue
        row = model()
        for field in model._meta.concrete_fields:
            if isinstance(field, models.CharField | models.TextField) and not field.primary_key:
                setattr(row, field.attname, "canary")
        assert "canary" not in str(row), label


def test_the_documents_made_from_the_code_are_up_to_date() -> None:
    call_command("data_map", "--check")
    call_command("settings_table", "--check")
