"""Users: the staff who sign in to the admin."""

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.enums import Role
from common.models import UUIDModel
from policy.identifiers import normalise_address


class UserManager(BaseUserManager["User"]):
    """Makes users; the address is kept in its normal form, so that one mailbox is one user."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """A user of the admin. Raises ValueError for something that is no address."""
        user = self.model(email=normalise_address(email), **{"is_staff": True, **fields})
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """A user who may do everything that the admin offers."""
        return self.create_user(email, password, is_superuser=True, **fields)

    def privacy_officers(self) -> "models.QuerySet[User]":
        """The privacy officers who can sign in."""
        return self.filter(groups__name=Role.PRIVACY_OFFICER.value, is_active=True, is_staff=True)

    def get_by_natural_key(self, username: str | None) -> "User":
        """Find a user by the address as typed."""
        try:
            return self.get(email=normalise_address(username or ""))
        except ValueError as error:
            raise self.model.DoesNotExist from error


class User(UUIDModel, AbstractBaseUser, PermissionsMixin):
    """A member of staff. The e-mail address is the login name."""

    email = models.EmailField(_("email address"), max_length=254, unique=True)
    name = models.CharField(_("name"), max_length=200, blank=True)
    language = models.CharField(
        _("language"), max_length=2, choices=[("en", _("English")), ("fi", _("Finnish"))], default="en"
    )
    is_staff = models.BooleanField(_("may sign in to the admin"), default=True)
    is_active = models.BooleanField(_("active"), default=True)
    date_joined = models.DateTimeField(_("added"), default=timezone.now, editable=False)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")

    def __str__(self) -> str:
        return f"User {str(self.pk)[:8]}"

    def get_full_name(self) -> str:
        """How colleagues see the user."""
        return self.name or self.email

    get_short_name = get_full_name
