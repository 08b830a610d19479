"""App configurations of the composition root."""

from typing import Any

from django.apps import AppConfig, apps
from django.contrib.admin import autodiscover
from django.contrib.admin.apps import SimpleAdminConfig
from django.contrib.admin.checks import check_admin_app, check_dependencies
from django.core import checks
from django.db.models.signals import post_migrate


class ClouderConfig(AppConfig):
    """Wires the apps together: the Celery app, the deploy checks, the permissions of the roles."""

    name = "clouder"

    def ready(self) -> None:
        """Load what must be known before the first request or task."""
        from clouder import celery, checks, roles  # noqa: F401, PLC0415 (apps must be ready)

        # Django signals no app without models, so it is the users' app that roles follow.
        post_migrate.connect(roles.grant_permissions, sender=apps.get_app_config("accounts"))


class ClouderAdminConfig(SimpleAdminConfig):
    """The admin with our own site, whose start page is work.

    Its modules, with all forms, are loaded by what needs them, the site's addresses and its checks: a worker and most
    commands start without.
    """

    default_site = "clouder.admin_site.ClouderAdminSite"

    def ready(self) -> None:
        """Register the checks of the stock admin."""
        checks.register(check_dependencies, checks.Tags.admin)
        checks.register(_check_admin, checks.Tags.admin)


def _check_admin(app_configs: Any, **kwargs: Any) -> Any:
    autodiscover()
    return check_admin_app(app_configs, **kwargs)
