"""Inviting a candidate to longer storage: all that the staff can do about a consent (spec §2.5)."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from candidates.models import Candidate
from candidates.services.consents import invite_to_longer_storage
from common import clock
from common.actors import staff
from common.admin import done, not_done, require
from common.errors import Refused
from common.wake import wake
from mailing.tasks import deliver_emails

PAGE = "admin:candidates_candidate_change"


def invite_view(request: HttpRequest, candidate_id: UUID) -> HttpResponse:
    """Send the invitation. A person who may not be seen answers as one who does not exist."""
    require(request, "candidates.add_interaction", method="POST")
    try:
        invite_to_longer_storage(candidate_id, actor=staff(request.user.pk), at=clock.now())
    except Candidate.DoesNotExist as error:
        raise Http404 from error
    except Refused as refused:
        return not_done(request, refused, PAGE, candidate_id)
    wake(deliver_emails)
    return done(request, _("The invitation is on its way. Only the person can agree."), PAGE, candidate_id)
