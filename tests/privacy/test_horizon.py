"""The retention horizon and the what-if: who falls due when, by month and by position."""

import json
import re
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from typing import Any
from uuid import UUID, uuid4

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from accounts.models import User
from candidates.enums import Channel, Direction, InteractionKind, MeansOfContact, Origin, SourceKind
from candidates.models import Application, Candidate, Interaction, Position
from candidates.services.clock import recompute_clock
from candidates.services.consents import give_consent
from candidates.services.erasure import request_erasure
from common.actors import candidate as the_candidate
from policy import retention
from policy.calendar import add_months, local_date
from privacy.selectors.horizon import Horizon, horizon
from privacy.selectors.plot import BASE, bars
from tests.factories import people

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


def fallen(found: Horizon) -> dict[str, int]:
    """The months in which anybody falls due."""
    return {f"{month.first:%Y-%m}": month.people for month in found.months if month.people}


def by_position(found: Horizon) -> dict[str, int]:
    return {row.title_en: row.total for row in found.positions}


@pytest.fixture
def frontend(position: Position) -> Position:
    return people.position(position.contact_person, slug="frontend", title_en="Frontend", title_fi="Käyttöliittymä")


@pytest.fixture
def four(at: datetime, position: Position, frontend: Position) -> list[Candidate]:
    """Applied in November, November, December and January; due two years after that."""
    places = [(at, position), (at + DAY, frontend), (at + 30 * DAY, position), (at + 60 * DAY, None)]
    return [
        people.application(when, place, email=f"{number}@example.org", has_cv=False).candidate
        for number, (when, place) in enumerate(places)
    ]


def test_everybody_stands_in_the_month_in_which_they_go(at: datetime, four: list[Candidate]) -> None:
    found = horizon(at + 61 * DAY, months=24)
    assert (found.retention_months, found.is_what_if) == (24, False)
    assert (found.months[0].first, len(found.months)) == (date(2027, 1, 1), 24)
    assert fallen(found) == {"2028-11": 2, "2028-12": 1}
    assert (found.now, found.later, found.kept_back, found.total, found.most) == (0, 1, 0, 4, 2)
    assert by_position(found) == {"Backend developer": 2, "Frontend": 1}
    row = found.positions[0]
    assert (row.title_fi, row.total, row.months[-2:]) == ("Backend-kehittäjä", 2, [1, 1])
    wider = horizon(at + 61 * DAY, months=25)
    assert fallen(wider) == {"2028-11": 2, "2028-12": 1, "2029-01": 1}
    assert by_position(wider) == {"Backend developer": 2, "Frontend": 1, "": 1}
    assert horizon(at, months=24).later == 4


def test_the_last_day_of_a_month_is_over_in_the_next(at: datetime, position: Position) -> None:
    last = datetime(2026, 11, 30, 12, tzinfo=UTC)
    people.application(last, position, has_cv=False)
    assert fallen(horizon(at, months=30)) == {"2028-12": 1}


def test_who_is_due_asked_or_kept_back(at: datetime, four: list[Candidate]) -> None:
    first, second, third, fourth = four
    request_erasure(first.person_ref, actor=the_candidate(first.person_ref), at=at + 61 * DAY)
    Candidate.objects.filter(pk=second.pk).update(held_back_until=datetime(9999, 1, 1, tzinfo=UTC))
    Candidate.objects.filter(pk=third.pk).update(held_back_until=datetime(2029, 2, 15, tzinfo=UTC))
    Candidate.objects.filter(pk=fourth.pk).update(erasing_ref=uuid4())
    found = horizon(at + 61 * DAY, months=36)
    assert fallen(found) == {"2027-01": 1, "2029-02": 1}
    assert (found.kept_back, found.total) == (1, 3)
    assert horizon(datetime(2030, 1, 1, tzinfo=UTC)).now == 2


def test_a_person_counts_once_under_the_newest_application(
    at: datetime, position: Position, frontend: Position
) -> None:
    for number, place in enumerate((position, frontend, position, frontend)):
        people.application(at + number * DAY, place, email="aino@example.org", has_cv=False)
    assert Candidate.objects.count() > 1
    found = horizon(at + 5 * DAY, months=36)
    assert (fallen(found), by_position(found)) == ({"2028-11": 1}, {"Frontend": 1})


def test_without_positions_the_months_are_the_same(at: datetime, four: list[Candidate]) -> None:
    found = horizon(at, months=36, with_positions=False)
    assert (found.months, found.positions) == (horizon(at, months=36).months, [])


def test_one_query_whatever_the_number(at: datetime, four: list[Candidate]) -> None:
    for months in (None, 18):
        with CaptureQueriesContext(connection) as captured:
            horizon(at, retention_months=months)
        assert len(captured) == 1


# Another period


def test_a_shorter_period_counts_from_the_last_contact(at: datetime, four: list[Candidate]) -> None:
    found = horizon(at + 61 * DAY, months=36, retention_months=18)
    assert (found.retention_months, found.is_what_if) == (18, True)
    assert fallen(found) == {"2028-05": 2, "2028-06": 1, "2028-07": 1}
    assert horizon(at + 61 * DAY, months=36, retention_months=1).now == 2
    assert Candidate.objects.filter(due_on__year=2028).count() == 3, "nothing is changed by looking"


def test_a_consent_stays_as_it_was_given(at: datetime, four: list[Candidate]) -> None:
    first = four[0]
    give_consent(first.pk, channel=Channel.MY_DATA, actor=the_candidate(first.person_ref), language="en", at=at)
    assert fallen(horizon(at, months=60, retention_months=12)) == {
        "2027-11": 1,
        "2027-12": 1,
        "2028-01": 1,
        "2030-11": 1,
    }


def sourced(at: datetime, *, noticed_at: datetime | None, answered_at: datetime | None = None) -> Candidate:
    """Somebody whom we approached, as the services will write them."""
    record = Candidate(
        origin=Origin.SOURCED, name="Sulo", language="fi", collected_at=at, source_kind=SourceKind.GITHUB,
        source_ref="https://github.com/sulo", noticed_at=noticed_at, last_contact_at=at, due_on=at.date(), erase_at=at,
        keep_until=at.date(), expires_at=at,
    )  # fmt: skip
    record.save(force_insert=True)
    for kind, moment in ((InteractionKind.OUTREACH, noticed_at), (InteractionKind.MAIL_RECEIVED, answered_at)):
        if moment:
            Interaction.objects.create(
                candidate=record, kind=kind, means=MeansOfContact.MAIL, direction=Direction.OUT, occurred_at=moment,
                recorded_at=moment,
            )  # fmt: skip
    recompute_clock(record.person_ref)
    record.refresh_from_db()
    return record


def test_sourced_people_keep_their_own_rules(at: datetime, settings: Settings) -> None:
    settings.SOURCED_MONTHS = 6
    sourced(at, noticed_at=None)
    sourced(at, noticed_at=at)
    sourced(at, noticed_at=at, answered_at=at + DAY)
    assert fallen(horizon(at, months=36)) == {"2026-12": 1, "2027-05": 1, "2028-11": 1}
    assert fallen(horizon(at, months=36, retention_months=18)) == {"2026-12": 1, "2027-05": 1, "2028-05": 1}
    assert fallen(horizon(at, months=36, retention_months=3)) == {"2026-12": 1, "2027-02": 2}
    settings.RETENTION_MONTHS = 18
    for record in Candidate.objects.all():
        recompute_clock(record.person_ref)
    assert fallen(horizon(at, months=36, retention_months=24)) == {"2026-12": 1, "2027-05": 1, "2028-11": 1}


@pytest.mark.parametrize("months", [1, 2, 3, 6, 11, 12, 13, 18, 23])
def test_what_if_says_what_the_rule_would_write(
    at: datetime, four: list[Candidate], settings: Settings, months: int
) -> None:
    consent = give_consent(
        four[1].pk, channel=Channel.MY_DATA, actor=the_candidate(four[1].person_ref), language="en", at=at + 2 * DAY
    )
    assert consent.pk
    sourced(at, noticed_at=None)
    sourced(at, noticed_at=at)
    sourced(at, noticed_at=at, answered_at=at + DAY)
    asked = horizon(at + 61 * DAY, months=60, retention_months=months)
    settings.RETENTION_MONTHS = months
    settings.SOURCED_MONTHS = min(settings.SOURCED_MONTHS, months)
    for person_ref in set(Candidate.objects.values_list("person_ref", flat=True)):
        recompute_clock(person_ref)
    became = horizon(at + 61 * DAY, months=60)
    assert (asked.months, asked.now, asked.later) == (became.months, became.now, became.later)
    assert by_position(asked) == by_position(became)
    assert became.total == 7


def database_adds(days: list[date], months: int) -> list[date]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (day + make_interval(months => %s))::date FROM unnest(%s::date[]) WITH ORDINALITY AS t(day, n) "
            "ORDER BY n",
            [months, days],
        )
        return [row[0] for row in cursor.fetchall()]


@pytest.mark.parametrize("months", [1, 2, 6, 12, 13, 18, 23, 24, 36, 48])
def test_the_database_adds_months_as_the_policy_does_on_every_day_of_eight_years(months: int) -> None:
    days = [date(2023, 1, 1) + number * DAY for number in range(8 * 366)]
    assert database_adds(days, months) == [add_months(day, months) for day in days]


MOMENTS = st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2090, 1, 1), timezones=st.just(UTC))


@given(moments=st.lists(MOMENTS, min_size=1, max_size=200), months=st.integers(1, 24))
def test_the_database_computes_the_erase_moment_as_the_policy_does(moments: list[datetime], months: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (((at AT TIME ZONE 'Europe/Helsinki')::date + make_interval(months => %s))::date + 1)::timestamp "
            "AT TIME ZONE 'Europe/Helsinki' FROM unnest(%s::timestamptz[]) WITH ORDINALITY AS t(at, n) ORDER BY n",
            [months, moments],
        )
        found = [row[0] for row in cursor.fetchall()]
    periods = retention.Periods(base=months)
    assert found == [retention.erase_at(retention.due_on(at, periods)) for at in moments]


@pytest.mark.parametrize("months", [0, -1, 25])
def test_no_period_is_tried_that_the_policy_does_not_allow(at: datetime, months: int) -> None:
    with pytest.raises(ValueError, match="longer than the policy"):
        horizon(at, retention_months=months)


@pytest.mark.parametrize("months", [0, 61])
def test_how_far_it_looks(at: datetime, months: int) -> None:
    with pytest.raises(ValueError, match="between 1 and 60"):
        horizon(at, months=months)


# The command


def simulate(*arguments: str) -> dict[str, Any]:
    out = StringIO()
    call_command("retention", "simulate", *arguments, "--format", "json", stdout=out)
    found: dict[str, Any] = json.loads(out.getvalue())
    return found


def test_the_command_shows_what_another_period_would_do(
    at: datetime, four: list[Candidate], position: Position
) -> None:
    found = simulate("--months", "18", "--as-of", (at + 61 * DAY).isoformat())
    assert found["counts"] == {"months kept": 18, "people": 4, "due now": 0, "later": 0, "kept back": 0}
    months = [item for item in found["items"] if "month" in item]
    assert (len(months), [item for item in months if item["people"]]) == (
        24,
        [{"month": "2028-05", "people": 2}, {"month": "2028-06", "people": 1}, {"month": "2028-07", "people": 1}],
    )
    rows = {item["title"]: item for item in found["items"] if "title" in item}
    assert {title: item["people"] for title, item in rows.items()} == {
        "Backend developer": 2,
        "Frontend": 1,
        "(no position)": 1,
    }
    assert rows["Backend developer"]["position"] == str(position.pk)
    assert rows["Backend developer"]["by_month"]["2028-06"] == 1
    assert rows["(no position)"]["position"] is None


def test_the_command_in_words_and_with_the_period_in_force(at: datetime, four: list[Candidate]) -> None:
    out = StringIO()
    call_command("retention", "simulate", "--ahead", "30", "--as-of", at.isoformat(), stdout=out)
    lines = out.getvalue().splitlines()
    assert "2028-11 2" in lines
    assert lines[-1] == "retention simulate: 24 months kept, 4 people, 0 due now, 0 later, 0 kept back"


@pytest.mark.parametrize("arguments", [("--months", "36"), ("--months", "0"), ("--ahead", "0")])
def test_the_command_refuses_what_cannot_be(arguments: tuple[str, str]) -> None:
    with pytest.raises(CommandError) as error:
        simulate(*arguments)
    assert error.value.returncode == 2


# The page


@pytest.fixture
def desk(officer: User, client: Client) -> Client:
    client.force_login(officer)
    return client


def test_the_bars_stand_on_the_base_and_the_smallest_is_seen(at: datetime, four: list[Candidate]) -> None:
    found = horizon(at, months=36)
    drawn = bars(found)
    assert len(drawn) == 36
    tall = {bar.first: float(bar.height) for bar in drawn if bar.people}
    assert tall == {date(2028, 11, 1): 118.0, date(2028, 12, 1): 59.0, date(2029, 1, 1): 59.0}
    assert {float(bar.y) + float(bar.height) for bar in drawn} == {float(BASE)}
    assert sum(bar.is_named for bar in drawn) <= 8
    assert {bar.height for bar in bars(horizon(datetime(2031, 1, 1, tzinfo=UTC)))} == {"0.0"}


def test_the_page_draws_the_plot_with_its_table_behind_it(at: datetime, four: list[Candidate], desk: Client) -> None:
    with time_machine.travel(at + 61 * DAY, tick=False):
        desk.force_login(User.objects.get(email="pia@example.org"))
        answer = desk.get(reverse("admin:privacy_horizon"))
        tried = desk.get(reverse("admin:privacy_horizon"), {"months": "18"}).content.decode()
        wrong = desk.get(reverse("admin:privacy_horizon"), {"months": "36"}).content.decode()
        posted = desk.post(reverse("admin:privacy_horizon"))
    text = answer.content.decode()
    assert (answer.status_code, posted.status_code) == (200, 404)
    assert len(re.findall(r'<rect class="bar"', text)) == 24
    assert "style=" not in re.sub(r"<svg.*?</svg>", "", text, flags=re.DOTALL).partition("<main")[2]
    assert re.search(r'<th scope="row">11/2028</th>\s*<td class="figure">2</td>', text)
    assert "People are kept for 24 months after the last contact" in " ".join(text.split())
    assert "1 more after the last of these months." in text
    assert "Backend developer" in text
    assert "What would happen if people were kept for 18 months" in " ".join(tried.split())
    assert re.search(r'<th scope="row">5/2028</th>\s*<td class="figure">2</td>', tried)
    assert "Enter a whole number from 1 to 24" in wrong
    assert "People are kept for 24 months after the last contact" in " ".join(wrong.split())


def test_the_page_without_anybody_says_so(desk: Client) -> None:
    text = desk.get(reverse("admin:privacy_horizon")).content.decode()
    assert text.count("Nobody falls due in these months.") == 2
    assert "<rect" not in text.partition("<main")[2].partition("</main")[0]


def test_ids_of_positions_are_those_of_the_rows(at: datetime, four: list[Candidate], position: Position) -> None:
    found = horizon(at, months=36)
    ids: list[UUID | None] = [row.position_id for row in found.positions]
    assert ids == [position.pk, None, *Application.objects.filter(candidate=four[1]).values_list("position", flat=True)]
    assert local_date(found.as_of) == date(2026, 11, 24)
