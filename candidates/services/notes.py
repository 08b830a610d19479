"""Notes of recruiters."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit.enums import Action
from audit.services import record_event
from candidates.models import Candidate, Note
from common.actors import Actor
from common.errors import Refused


@transaction.atomic
def add_note(candidate_id: UUID, *, text: str, actor: Actor, at: datetime) -> Note:
    """Add a note. It moves no clock (E12). Raises Refused for an empty one, Candidate.DoesNotExist for a hidden
    person.
    """
    candidate = Candidate.objects.visible(at).get(pk=candidate_id)
    if not text.strip():
        raise Refused("empty", _("Write something first."))
    note = Note.objects.create(candidate=candidate, author_id=actor.ref, text=text, at=at)
    record_event(Action.NOTE_ADDED, at=at, actor=actor, subject_ref=candidate.pk, object_ref=note.pk)
    return note
