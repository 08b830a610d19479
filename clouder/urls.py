"""All addresses of the portal."""

from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.urls import include, path
from django.utils.translation import gettext_lazy as _

from privacy import urls as privacy_urls
from website import views

urlpatterns = [
    path("", views.root, name="root"),
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
    path("admin/", admin.site.urls),
    *i18n_patterns(
        path("", include("candidates.urls")),
        path(_("privacy/"), views.notice, name="notice"),
        path(_("cookies/"), views.cookies, name="cookies"),
        path(_("my-data/"), include(privacy_urls.my_data)),
    ),
]

handler400 = views.bad_request
handler403 = views.forbidden
handler404 = views.not_found
handler500 = views.server_error
