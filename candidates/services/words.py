"""The words of documents, for the recruiters' search. They are a column of the document and go with it."""

from typing import Final

from django.contrib.postgres.search import SearchVector
from django.db.models import OuterRef, Subquery, Value

from candidates.models import Document
from candidates.selectors.words import CONFIG
from files.enums import FilePart, FileState
from files.models import StoredFile
from files.services import open_file

BATCH: Final = 50
MOST_CHARACTERS: Final = 100_000
"""Of a text; PostgreSQL takes a megabyte of different words at most."""


def index_documents(*, limit: int = BATCH) -> int:
    """Fill the words of up to ``limit`` documents whose text has been made since. Returns how many; safe to repeat.

    Raises FileNotFoundError where the store has lost a text, StoreError where it does not answer.
    """
    texts = StoredFile.objects.filter(part=FilePart.TEXT, state=FileState.ATTACHED)
    waiting = Document.objects.filter(words=None, stored_file__state=FileState.ATTACHED).annotate(
        text_id=Subquery(texts.filter(made_of=OuterRef("stored_file_id")).values("pk")[:1])
    )
    found = dict(waiting.exclude(text_id=None).order_by("pk").values_list("pk", "text_id")[:limit])
    stored = texts.in_bulk(found.values())
    for document_id, text_id in found.items():
        with open_file(stored[text_id]) as stream:
            text = stream.read().decode()[:MOST_CHARACTERS]
        Document.objects.filter(pk=document_id).update(words=SearchVector(Value(text), config=CONFIG))
    return len(found)
