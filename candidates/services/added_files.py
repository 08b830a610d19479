"""A file that a person adds to an application that was sent, in place of one that the virus scan refused."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit.enums import Action
from audit.services import record_event
from candidates.enums import DocumentKind, InteractionKind
from candidates.models import Application, Document
from candidates.selectors.refused_files import wanted_files
from candidates.services.interactions import lock_person, record_act
from common.actors import Actor
from common.errors import Refused
from files.services import attach_files


@transaction.atomic
def add_file_again(
    application_id: UUID, *, kind: DocumentKind, stored_id: UUID, actor: Actor, at: datetime
) -> Document:
    """Attach a staged file of the record to its application, as a document of the kind that was refused.

    It is a contact (E7): the person sent us something. Raises Refused where no file of that kind is wanted any more,
    where the staged file has run out, or where the person is gone or their erasure was asked for.
    """
    application = Application.objects.filter(pk=application_id).first()
    record = lock_person(application.candidate_id) if application else None
    if application is None or record is None or record.erase_after or record.erasing_ref or record.expires_at <= at:
        raise Refused("gone", _("These data are no longer kept."))
    wanted = wanted_files(record.pk, as_of=at)
    if not any((file.application_id, file.kind) == (application_id, kind) for file in wanted):
        raise Refused("not_wanted", _("Another file has come already. Nothing more is needed."))
    if attach_files(record.pk, [stored_id], at=at) != 1:
        raise Refused("file_gone", _("The file is no longer here. Choose it again."))
    document = Document.objects.create(
        candidate=record, application=application, kind=kind, stored_file_id=stored_id, added_at=at
    )
    record_event(
        Action.FILE_ADDED,
        at=at,
        actor=actor,
        subject_ref=record.pk,
        object_ref=application_id,
        details={"kind": kind},
    )
    record_act(record, InteractionKind.DOCUMENT_ADDED, actor=actor, at=at, application_id=application_id)
    return document
