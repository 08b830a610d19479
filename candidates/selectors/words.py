"""Search in the words of documents."""

from datetime import datetime
from typing import Final

from django.contrib.postgres.search import SearchQuery
from django.db.models import Q, QuerySet

from candidates.enums import DocumentKind
from candidates.models import Document
from files.enums import FileState

CONFIG: Final = "simple"
"""No stemming and no stop words: Finnish and English stand side by side, and a name is a word like any other."""
SHORTEST_BEGINNING: Final = 3
"""Characters from which a word that is being typed also finds those that begin with it."""


class _Beginning(SearchQuery):
    """Finds words that begin like the last one of the query; nothing where it holds no word."""

    template = "(nullif(%(function)s(%(expressions)s)::text, '') || ':*')::tsquery"


def documents_with(word: str, *, is_beginning: bool, as_of: datetime) -> QuerySet[Document]:
    """Documents with a word, or with several that were typed as one; with ``is_beginning`` also with longer ones.

    Of somebody who is kept for future openings only the CV is searched: the rest belongs to a process that is over
    (policy §7).
    """
    is_long = sum(map(str.isalnum, word)) >= SHORTEST_BEGINNING
    query = (_Beginning if is_beginning and is_long else SearchQuery)(word, config=CONFIG)
    rows = Document.objects.filter(stored_file__state=FileState.ATTACHED, words=query)
    return rows.filter(Q(kind=DocumentKind.CV) | Q(candidate__erase_at__gt=as_of))
