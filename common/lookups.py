"""``field__in_array=…``: SQL's ``= ANY(array)``, one parameter however many values.

``__in`` sends a placeholder for each value, and an erasure asks some sixty questions about a thousand people at once.
"""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db import connection, models
from django.db.models import Field, Lookup
from django.db.models.fields.related import ForeignObject


class Refs:
    """Many UUIDs as the database reads them: ``sql`` is an expression with ``params``, of any array type."""

    def __init__(self, refs: Iterable[UUID]) -> None:
        self.sql, self.params = "%s", ["{" + ",".join(map(str, refs)) + "}"]


class StoredRefs(Refs):
    """The UUIDs of an array column of one row. They stay where they are: to send a thousand with each question, and to
    have them read there, takes the database longer than most of its answers.
    """

    def __init__(self, row: models.Model, column: str) -> None:
        quote = connection.ops.quote_name
        table, key = quote(row._meta.db_table), quote(row._meta.pk.attname)
        self.sql = f"(SELECT {quote(column)} FROM {table} WHERE {key} = %s)"  # noqa: S608 (no value in it)
        self.params = [row.pk]


class InArray(Lookup[Any]):
    """Whether the value is one of ``Refs``, or of a list of values as the database wants them."""

    lookup_name = "in_array"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        """``column = ANY(array)``, the array in the column's type."""
        lhs, lhs_params = self.process_lhs(compiler, connection)
        kind = self.lhs.output_field.db_type(connection)
        sql, params = (self.rhs.sql, self.rhs.params) if isinstance(self.rhs, Refs) else ("%s", [list(self.rhs)])
        return f"{lhs} = ANY({sql}::{kind}[])", [*lhs_params, *params]


def register() -> None:
    """Make the lookup known to every kind of field."""
    for kind in (Field, ForeignObject):
        kind.register_lookup(InArray)
