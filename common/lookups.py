"""``field__in_array=…``: SQL's ``= ANY(array)``, one parameter however many values.

``__in`` sends a placeholder for each value, and an erasure asks some sixty questions about a thousand people at once.
"""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import Field, Lookup
from django.db.models.fields.related import ForeignObject


class Refs:
    """Many UUIDs, put into words for the database once for all questions."""

    def __init__(self, refs: Iterable[UUID]) -> None:
        self.literal = "{" + ",".join(map(str, refs)) + "}"


class InArray(Lookup[Any]):
    """Whether the value is one of ``Refs``, or of a list of values as the database wants them."""

    lookup_name = "in_array"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        """``column = ANY(array)``, the array in the column's type."""
        lhs, lhs_params = self.process_lhs(compiler, connection)
        kind = self.lhs.output_field.db_type(connection)
        values = self.rhs.literal if isinstance(self.rhs, Refs) else list(self.rhs)
        return f"{lhs} = ANY(%s::{kind}[])", [*lhs_params, values]


def register() -> None:
    """Make the lookup known to every kind of field."""
    for kind in (Field, ForeignObject):
        kind.register_lookup(InArray)
