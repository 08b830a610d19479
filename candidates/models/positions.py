"""Positions."""

from datetime import date

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from candidates.enums import EmploymentType, Remote, SalaryPeriod
from common.models import UUIDModel


class PositionQuerySet(models.QuerySet["Position"]):
    """Positions as the public sees them."""

    def published(self) -> "PositionQuerySet":
        """Those that have a page."""
        return self.filter(is_published=True)

    def open(self, on: date) -> "PositionQuerySet":
        """Those that take applications on a date (Europe/Helsinki)."""
        return self.published().filter(Q(open_until=None) | Q(open_until__gte=on), open_from__lte=on)


class Position(UUIDModel):
    """An opening that people apply to, described in both languages."""

    slug = models.SlugField(_("address of the page"), max_length=80, unique=True)
    title_en = models.CharField(_("title in English"), max_length=120)
    title_fi = models.CharField(_("title in Finnish"), max_length=120)
    team = models.CharField(_("team"), max_length=120)
    places = models.CharField(_("places"), max_length=200, help_text=_("Towns, with commas between"))
    remote = models.CharField(_("remote work"), max_length=10, choices=Remote.choices, default=Remote.HYBRID)
    employment_type = models.CharField(_("contract"), max_length=20, choices=EmploymentType.choices)
    salary_min = models.PositiveIntegerField(_("salary from, euros"))
    salary_max = models.PositiveIntegerField(_("salary to, euros"))
    salary_period = models.CharField(_("paid"), max_length=10, choices=SalaryPeriod.choices, default=SalaryPeriod.MONTH)
    description_en = models.TextField(_("description in English"), help_text=_("Markdown"))
    description_fi = models.TextField(_("description in Finnish"), help_text=_("Markdown"))
    open_from = models.DateField(_("open from"))
    open_until = models.DateField(_("open until"), null=True, blank=True, help_text=_("The last day, included"))
    contact_person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("contact person")
    )
    is_published = models.BooleanField(_("published"), default=False)

    objects = PositionQuerySet.as_manager()

    class Meta:
        verbose_name = _("position")
        verbose_name_plural = _("positions")
        constraints = [
            models.CheckConstraint(
                condition=Q(salary_max__gte=F("salary_min")),
                name="candidates_position_salary",
                violation_error_message=_("The upper end of the salary is below the lower."),
            ),
            models.CheckConstraint(
                condition=Q(open_until=None) | Q(open_until__gte=F("open_from")),
                name="candidates_position_dates",
                violation_error_message=_("The last day is before the first."),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def title(self) -> str:
        """The title in the language of the page."""
        return self.title_in(get_language() or "en")

    def title_in(self, language: str) -> str:
        """The title in a language."""
        return self.title_fi if language.startswith("fi") else self.title_en

    @property
    def description(self) -> str:
        """The Markdown description in the language of the page."""
        return self.description_fi if (get_language() or "en").startswith("fi") else self.description_en

    def is_open(self, on: date) -> bool:
        """Whether it takes applications on a date (Europe/Helsinki)."""
        return self.is_published and self.open_from <= on and (self.open_until is None or on <= self.open_until)
