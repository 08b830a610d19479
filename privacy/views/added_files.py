"""The page behind the link of a mail that a file was refused by the virus scan: it takes another one in its place.

Looking changes nothing. It takes as many files as were refused and have not been replaced, and says so when nothing
more is needed. The token in the address stands in for Django's CSRF cookie, as on the application form
(docs/adr/0005): who does not have it can do nothing here.
"""

from typing import Any, cast

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from accounts.enums import LinkPurpose
from candidates.enums import DocumentKind
from candidates.forms.apply import FILE_FIELDS
from candidates.selectors.refused_files import RefusedFile, wanted_files
from candidates.services.added_files import add_file_again
from candidates.views.staging import keep_upload
from common.errors import Refused
from common.network import address_prefix
from files.models import StoredFile
from files.services import discard_staged
from files.tasks import wake_for_new_files
from files.uploads import use_capped_uploads
from privacy.forms import AddFileForm
from privacy.views.mailed_links import Holder, mailed

FIELDS = {kind: field for field, kind in FILE_FIELDS.items()}
"""By which input of the application form a document of each kind came; it takes what that one takes."""


@csrf_exempt
@mailed(LinkPurpose.ADD_FILE)
def add_file(request: HttpRequest, holder: Holder) -> HttpResponse:
    """Add another file: what was refused, one file input, and one button."""
    if holder.record.erase_after:
        return render(request, "privacy/mailed_over.html", status=410)
    wanted = wanted_files(holder.record.pk, as_of=holder.at)
    if request.method != "POST":
        return _page(request, wanted, AddFileForm())
    use_capped_uploads(request)
    form = AddFileForm(request.POST, request.FILES)
    chosen = [file for file in wanted if _key(file) == request.POST.get("for")]
    problem = _take(request, holder, chosen[0]) if form.is_valid() and chosen else ""
    if problem:
        form.add_error("file", problem)
    if form.errors:
        return _page(request, wanted, form, status=422)
    if chosen:
        wake_for_new_files()
        messages.success(request, _("Thank you. The file is added to your application."))
    response = redirect(request.path)
    response.status_code = 303
    return response


def _page(request: HttpRequest, wanted: list[RefusedFile], form: AddFileForm, status: int = 200) -> HttpResponse:
    context = {"wanted": wanted, "form": form, "key": _key(wanted[0]) if wanted else ""}
    return render(request, "privacy/mailed_add_file.html", context, status=status)


def _key(file: RefusedFile) -> str:
    """What the form says of which file it is about: a second press must not be taken for the next file."""
    return f"{file.application_id}:{file.kind}:{file.refused_at.timestamp()}"


def _take(request: HttpRequest, holder: Holder, wanted: RefusedFile) -> str:
    """Check, store and attach the file that was sent. Returns what is wrong with it, in words; empty where it is
    taken.
    """
    record, field = holder.record, FIELDS[DocumentKind(wanted.kind)]
    stored = keep_upload(
        cast("UploadedFile[Any]", request.FILES["file"]), field, owner_ref=record.pk,
        prefix=address_prefix(request), email=record.address, at=holder.at,
    )  # fmt: skip
    if not isinstance(stored, StoredFile):
        return str(stored)
    try:
        add_file_again(
            wanted.application_id,
            kind=DocumentKind(wanted.kind),
            stored_id=stored.pk,
            actor=holder.actor,
            at=holder.at,
        )
    except Refused as refused:
        discard_staged(record.pk, [stored.pk], at=holder.at)
        return str(refused)
    return ""
