"""Mailboxes outside the portal (policy §6): what candidates sent by mail lies with the mail provider too.

No machine of ours can look there, so a human does: the erasure waits for them, the record stays readable for the
privacy officer, who must know what to look for, and nobody is told that it is done before it is.
"""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit.enums import Action
from audit.services import record_events
from common.actors import Actor, ActorKind
from common.errors import Refused
from privacy.enums import BatchState
from privacy.models import ErasureBatch


@transaction.atomic
def confirm_mailbox_purge(batch_id: UUID, *, actor: Actor, at: datetime) -> ErasureBatch:
    """Record that a human deleted the mails of these people from every mailbox; the erasure goes on at the next run.

    Raises Refused where a machine says so, or the batch waits for no mailbox; ErasureBatch.DoesNotExist for none.
    """
    if actor.kind is not ActorKind.STAFF:
        raise Refused("human", _("Only a person can say that a mailbox is purged."))
    batch = ErasureBatch.objects.select_for_update().get(pk=batch_id)
    if not batch.has_mailbox or batch.mailbox_purged_at or batch.state != BatchState.OBJECTS_GONE:
        raise Refused("not_waiting", _("No mailbox is waited for here."))
    batch.mailbox_purged_at = at
    batch.mailbox_purged_by_id = actor.ref
    batch.lease_until = at
    batch.save(update_fields=["mailbox_purged_at", "mailbox_purged_by", "lease_until"])
    record_events(Action.MAILBOX_PURGED, batch.refs, at=at, actor=actor)
    return batch
