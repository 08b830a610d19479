"""Abstract models."""

import uuid
from typing import Any, Never, TypeVar

from django.db import models

from common.errors import RawDeletionRefused

M = TypeVar("M", bound=models.Model)


class UUIDModel(models.Model):
    """A row that a URL or another system may see: its key is random and says nothing."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self._meta.object_name} {str(self.pk)[:8]}"


class NoDeleteQuerySet(models.QuerySet[M]):
    """Rows of a person: they leave by an erasure and by nothing else."""

    def delete(self) -> Never:
        """Refuse. An erasure takes files, rows, mails and the ledger together; a delete would leave some behind."""
        raise RawDeletionRefused(f"{self.model.__name__} rows leave by an erasure only")

    delete.queryset_only = True  # type: ignore[attr-defined]


class PersonalModel(UUIDModel):
    """A row about a person, which no ``delete()`` reaches."""

    class Meta:
        abstract = True

    def delete(self, *args: Any, **kwargs: Any) -> Never:
        """Refuse, as the query set does."""
        raise RawDeletionRefused(f"{type(self).__name__} rows leave by an erasure only")
