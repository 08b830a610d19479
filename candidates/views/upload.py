"""A file that the browser will send straight to the bucket is announced here, by the script of the apply form.

The answer says where to post it, and what the form is to carry for it. It is bound to the form's token and the draft's
cookie, and exempt from Django's CSRF cookie, as the form itself is (docs/adr/0005).
"""

from django.http import Http404, HttpResponse, JsonResponse
from django.http.request import HttpRequest
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from candidates.forms.apply import FILE_FIELDS
from candidates.services import drafts
from candidates.views import quotas
from candidates.views.apply import Visit
from candidates.views.staging import Staging
from common.network import address_prefix
from files.direct import upload_origin

MOST_DIGITS = 12


@csrf_exempt
@require_POST
def announce(request: HttpRequest, slug: str | None = None) -> HttpResponse:
    """Answer in JSON: ``url``, ``fields`` and ``token``, or 422 with an ``error`` in words.

    404 where there is no bucket, 410 where the position is closed, 400 for what no page of ours sends, 429 where the
    form itself would not be taken now: the script then leaves the file to the form, which says so. Both count the same
    posts and drafts (limits: application form).
    """
    if not upload_origin():
        raise Http404
    visit = Visit(request, slug)
    if visit.is_closed:
        return JsonResponse({}, status=410)
    field, size = request.POST.get("field", ""), request.POST.get("size", "")
    is_number = size.isascii() and size.isdecimal() and len(size) <= MOST_DIGITS
    if not (visit.read_token() and field in FILE_FIELDS and is_number):
        return JsonResponse({}, status=400)
    draft = visit.draft_of_form()
    if quotas.post_problem(request, at=visit.at) or (not draft and quotas.draft_problem(request, at=visit.at)):
        return JsonResponse({}, status=429)
    visit.cookie = visit.cookie or drafts.new_token()
    staging = Staging(visit.at, draft or visit.open_draft())
    announced = staging.announce(
        field, request.POST.get("name", ""), int(size), address_prefix(request), request.POST.get("email", "")
    )
    if announced is None:
        return visit.remember(JsonResponse({"error": str(staging.errors[field])}, status=422))
    token, form = announced
    return visit.remember(JsonResponse({"url": form.url, "fields": form.fields, "token": token}))
