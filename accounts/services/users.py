"""Making users outside the admin."""

from datetime import datetime
from enum import StrEnum

from django.contrib.auth.models import Group
from django.contrib.auth.password_validation import validate_password
from django.db import transaction

from accounts.enums import Role
from accounts.models import User
from audit.enums import Action
from audit.services import record_event
from common.actors import SYSTEM
from policy.identifiers import normalise_address


class Outcome(StrEnum):
    """What ``make_administrator`` found and did."""

    MADE = "made"
    PROMOTED = "promoted"
    UNCHANGED = "unchanged"


@transaction.atomic
def make_administrator(email: str, *, password: str, name: str, at: datetime) -> Outcome:
    """Let somebody sign in as an administrator, who adds users and positions and reads no candidate: no superuser.

    Somebody who has an account keeps its name and password, and gets what is missing. Raises ValueError for something
    that is no address, ``django.core.exceptions.ValidationError`` for a value that does not fit or a password that is
    too easy to guess, and ``Group.DoesNotExist`` before the first ``migrate``.
    """
    group = Group.objects.get(name=Role.ADMINISTRATOR.value)
    address = normalise_address(email)
    user = User.objects.select_for_update().filter(email=address).first()
    if user is None:
        wanted = User(email=address, name=name)
        wanted.clean_fields(exclude=["password"])
        validate_password(password, wanted)
        user = User.objects.create_user(address, password, name=name)
        outcome = Outcome.MADE
    elif user.is_active and user.is_staff and user.groups.filter(pk=group.pk).exists():
        return Outcome.UNCHANGED
    else:
        user.is_active = user.is_staff = True
        user.save(update_fields=["is_active", "is_staff"])
        outcome = Outcome.PROMOTED
    user.groups.add(group)
    record_event(Action.USER_CHANGED, at=at, actor=SYSTEM, object_ref=user.pk)
    return outcome
