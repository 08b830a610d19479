"""What each role may do. ``migrate`` seeds the groups and brings their permissions up to this table."""

from typing import Any

from django.apps import apps
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission

from accounts.enums import Role

Grants = dict[str, tuple[str, ...]]

RECRUITER: Grants = {
    "candidates": (
        "view_candidate",
        "add_candidate",
        "view_application",
        "change_application",
        "view_document",
        "view_position",
        "add_note",
        "view_note",
        "add_interaction",
        "change_interaction",
        "view_interaction",
        "add_interview",
        "change_interview",
        "view_interview",
    ),
}
POSITIONS: Grants = {"candidates": ("add_position", "change_position", "delete_position", "view_position")}
APPROACHING: Grants = {
    "candidates": (
        "add_sourcingassessment",
        "change_sourcingassessment",
        "view_sourcingassessment",
        "change_suppression",
        "view_suppression",
    ),
}

WATCH: Grants = {"privacy": ("view_runstop", "change_runstop", "view_retentionrun")}

DESK: Grants = {
    "candidates": (
        "view_restriction",
        "add_restriction",
        "change_restriction",
        "view_hold",
        "add_hold",
        "change_hold",
    ),
    "privacy": (
        "view_subjectrequest",
        "add_subjectrequest",
        "change_subjectrequest",
        "view_bulkerasure",
        "view_erasurebatch",
        "change_erasurebatch",
        "view_erasurecase",
    ),
}

PERMISSIONS: dict[Role, tuple[Grants, ...]] = {
    Role.RECRUITER: (RECRUITER, POSITIONS),
    Role.PRIVACY_OFFICER: (RECRUITER, WATCH, {"candidates": ("delete_candidate",)}, APPROACHING, DESK),
    Role.ADMINISTRATOR: (
        POSITIONS,
        {"accounts": ("add_user", "change_user", "view_user"), "auth": ("view_group",)},
    ),
}
"""Role, and for each app the code names of what it may do."""


def grant_permissions(**_: Any) -> None:
    """Make the groups and give each exactly the permissions of its role; run after every ``migrate``."""
    for app in {app for parts in PERMISSIONS.values() for part in parts for app in part}:
        create_permissions(apps.get_app_config(app), verbosity=0)
    for role, parts in PERMISSIONS.items():
        group, _created = Group.objects.get_or_create(name=role.value)
        wanted = [
            permission
            for part in parts
            for app, names in part.items()
            for permission in Permission.objects.filter(content_type__app_label=app, codename__in=names)
        ]
        group.permissions.set(wanted)
