"""The page behind the link of a mail that a file was refused by the virus scan: it takes another one in its place.

Looking changes nothing. It takes as many files as were refused and have not been replaced, and says so when nothing
more is needed. The token in the address stands in for Django's CSRF cookie, as on the application form
(docs/adr/0005): who does not have it can do nothing here.
"""

from datetime import timedelta
from typing import Any, BinaryIO, cast

from django.conf import settings
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from accounts.enums import LinkPurpose
from candidates.enums import DocumentKind
from candidates.selectors.refused_files import RefusedFile, wanted_files
from candidates.services.added_files import add_file_again
from candidates.views.staging import MESSAGES, NOT_STORED
from common import limits
from common.errors import Refused
from common.network import address_prefix
from common.wake import wake
from files.enums import Refusal
from files.errors import FileRefused, StoreError
from files.services import discard_staged, stage_file
from files.tasks import scan_files
from files.uploads import is_request_too_big, use_capped_uploads
from privacy.forms import AddFileForm
from privacy.views.mailed_links import Holder, mailed

DAY = timedelta(days=1)


@csrf_exempt
@mailed(LinkPurpose.ADD_FILE)
def add_file(request: HttpRequest, holder: Holder) -> HttpResponse:
    """Add another file: what was refused, one file input, and one button."""
    if holder.record.erase_after:
        return render(request, "privacy/mailed_over.html", status=410)
    wanted = wanted_files(holder.record.pk, as_of=holder.at)
    if request.method != "POST":
        return _page(request, wanted, AddFileForm())
    if is_request_too_big(request):
        return render(request, "errors/413.html", {"back_url": request.path}, status=413)
    use_capped_uploads(request)
    form = AddFileForm(request.POST, request.FILES)
    chosen = [file for file in wanted if _key(file) == request.POST.get("for")]
    problem = _take(request, holder, chosen[0]) if form.is_valid() and chosen else ""
    if problem:
        form.add_error("file", problem)
    if form.errors:
        return _page(request, wanted, form, status=422)
    if chosen:
        wake(scan_files)
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
    upload = cast("UploadedFile[Any]", request.FILES["file"])
    size = upload.size or 0
    if size > settings.FILE_MAX_BYTES:
        return str(MESSAGES[Refusal.TOO_BIG])
    if not _is_within_limits(address_prefix(request), size, holder):
        return _("Too many files were sent from here today. Try again tomorrow: the link keeps working")
    record = holder.record
    try:
        stored = stage_file(cast(BinaryIO, upload.file), name=upload.name or "", owner_ref=record.pk, at=holder.at)
    except FileRefused as refused:
        return str(MESSAGES[refused.reason])
    except (StoreError, OSError):  # the disk of a local store may be full
        return str(NOT_STORED)
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


def _is_within_limits(prefix: str, size: int, holder: Holder) -> bool:
    """Count the file among those that came from this network today, with those of the application form."""
    return limits.take("files", prefix, limit=settings.FILES_PER_DAY_AND_PREFIX, window=DAY, at=holder.at) and (
        limits.take("bytes", prefix, limit=settings.BYTES_PER_DAY_AND_PREFIX, window=DAY, at=holder.at, amount=size)
    )
