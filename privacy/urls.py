"""Addresses of "my data"."""

from django.urls import path
from django.utils.translation import gettext_lazy as _

from privacy.views import added_files, mailed_links
from privacy.views import my_data as views

my_data = (
    [
        path("", views.page, name="page"),
        path(_("sign-in/"), views.sign_in, name="sign_in"),
        path(_("link/<str:token>/"), views.link, name="link"),
        path(_("confirm/<str:token>/"), views.confirm, name="confirm"),
        path(_("sign-out/"), views.sign_out, name="sign_out"),
        path(_("signed-out/"), views.signed_out, name="signed_out"),
        path(_("claim/<uuid:candidate_id>/"), views.claim, name="claim"),
        path(_("longer-storage/"), views.longer_storage, name="longer_storage"),
        path(_("may-approach/"), views.may_approach, name="may_approach"),
        path(_("withdraw/<uuid:application_id>/"), views.withdraw, name="withdraw"),
        path(_("file/<uuid:document_id>/"), views.document, name="document"),
        path(_("erase/"), views.erase, name="erase"),
        path(_("agree/<str:token>/"), mailed_links.agree, name="agree"),
        path(_("take-back/<str:token>/"), mailed_links.take_back, name="take_back"),
        path(_("erase-now/<str:token>/"), mailed_links.erase_now, name="erase_now"),
        path(_("add-file/<str:token>/"), added_files.add_file, name="add_file"),
    ],
    "my_data",
)
