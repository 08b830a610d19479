"""Inviting a candidate to longer storage: all that the staff can do about a consent (spec §2.5)."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from candidates.models import Candidate
from candidates.services.consents import invite_to_longer_storage
from common import clock
from common.actors import staff
from common.errors import Refused
from common.wake import wake
from mailing.tasks import deliver_emails


def invite_view(request: HttpRequest, candidate_id: UUID) -> HttpResponse:
    """Send the invitation. A person who may not be seen answers as one who does not exist."""
    if not request.user.has_perm("candidates.add_interaction"):
        raise PermissionDenied
    if request.method != "POST":
        raise Http404
    try:
        invite_to_longer_storage(candidate_id, actor=staff(request.user.pk), at=clock.now())
    except Candidate.DoesNotExist as error:
        raise Http404 from error
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        wake(deliver_emails)
        messages.success(request, _("The invitation is on its way. Only the person can agree."))
    return redirect("admin:candidates_candidate_change", candidate_id)
