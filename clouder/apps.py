"""App configurations of the composition root."""

from django.apps import AppConfig, apps
from django.contrib.admin.apps import AdminConfig
from django.db.models.signals import post_migrate


class ClouderConfig(AppConfig):
    """Wires the apps together: the Celery app, the deploy checks, the permissions of the roles."""

    name = "clouder"

    def ready(self) -> None:
        """Load what must be known before the first request or task."""
        from clouder import celery, checks, roles  # noqa: F401, PLC0415 (apps must be ready)

        # Django signals no app without models, so it is the users' app that roles follow.
        post_migrate.connect(roles.grant_permissions, sender=apps.get_app_config("accounts"))


class ClouderAdminConfig(AdminConfig):
    """The admin with our own site, whose start page is work."""

    default_site = "clouder.admin_site.ClouderAdminSite"
