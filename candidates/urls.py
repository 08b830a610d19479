"""Public addresses of recruitment."""

from django.urls import path
from django.utils.translation import gettext_lazy as _

from candidates.views import apply, positions, upload

app_name = "candidates"

urlpatterns = [
    path("", positions.position_list, name="positions"),
    path(_("positions/<slug:slug>/"), positions.position_page, name="position"),
    path(_("positions/<slug:slug>/apply/"), apply.form, name="apply"),
    path(_("positions/<slug:slug>/apply/check/"), apply.check, name="apply_check"),
    path(_("positions/<slug:slug>/apply/upload/"), upload.announce, name="apply_upload"),
    path(_("apply/"), apply.form, name="apply_open"),
    path(_("apply/check/"), apply.check, name="apply_open_check"),
    path(_("apply/upload/"), upload.announce, name="apply_open_upload"),
    path(_("apply/sent/<str:token>/"), apply.sent, name="apply_sent"),
]
