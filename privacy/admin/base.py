"""What every page of the privacy officer's desk shares."""

from collections.abc import Iterable
from uuid import UUID

from django.http import HttpRequest

from audit.enums import Access, Purpose
from audit.services import record_access
from common import clock
from common.actors import staff


def record_look(
    request: HttpRequest, refs: Iterable[UUID], *, access: Access = Access.VIEWED, object_ref: UUID | None = None
) -> None:
    """Record that an officer was shown these records, to answer for data protection."""
    record_access(
        access,
        at=clock.now(),
        actor=staff(request.user.pk),
        subject_refs=sorted(set(refs)),
        object_ref=object_ref,
        purpose=Purpose.PRIVACY,
    )
