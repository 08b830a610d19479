"""Search in the words of documents."""

from datetime import datetime
from typing import Final

from django.db.models import Q, QuerySet
from django.db.models.expressions import RawSQL

from candidates.enums import DocumentKind
from candidates.models import Document
from files.enums import FileState

SHORTEST_BEGINNING: Final = 3
"""Characters from which a word that is being typed also finds those that begin with it."""


def documents_with(word: str, *, is_beginning: bool, as_of: datetime) -> QuerySet[Document]:
    """Documents with a word, or with several that were typed as one; with ``is_beginning`` also with longer ones.

    Of somebody who is kept for future openings only the CV is searched: the rest belongs to a process that is over
    (policy §7).
    """
    query = "plainto_tsquery('simple', %s)"
    if is_beginning and sum(map(str.isalnum, word)) >= SHORTEST_BEGINNING:
        query = f"(nullif({query}::text, '') || ':*')::tsquery"
    rows = Document.objects.filter(stored_file__state=FileState.ATTACHED)
    return rows.filter(Q(kind=DocumentKind.CV) | Q(candidate__erase_at__gt=as_of)).filter(
        RawSQL(f"candidates_document.words @@ {query}", [word])  # noqa: S611 (the word is a parameter)
    )
