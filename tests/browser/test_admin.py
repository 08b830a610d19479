"""The admin in a browser: the recruiter's work, every screen small and large, light and dark, and hostile values.

R20, R22, R23 of ux.md; T1, T2 and scenario 44 of the security and policy lists.
"""

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.urls import reverse

from accounts.models import User
from candidates.enums import InteractionKind, LinkKind, Stage
from candidates.models import Application, Interaction, Note, Position
from candidates.services.interactions import record_interaction
from candidates.services.notes import add_note
from common import clock
from common.actors import staff
from files.samples import pdf
from tests.browser.pages import OPEN, Pages, make_files
from tests.factories import people
from tests.parts.browser import DESKTOP, PHONE, OpenTab, Tab, faults

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

CV = pdf("The very bytes")
STOCK = ("aria-prohibited-attr", 'class="selector-')  # what Django's own widget for groups brings
PORTFOLIO = "https://portfolio.example.org/aino"


@pytest.fixture
def now() -> datetime:
    return clock.now()


@pytest.fixture
def sent(position: Position, recruiter: User, now: datetime) -> Application:
    """Somebody with everything; an older application of the same person; and one whose address is not confirmed."""
    before = now - timedelta(days=20)
    made = people.application(
        before, position, cv=CV, cover_letter="I build services.\n\nAino", skills="Python", has_longer_storage=True,
        links=[(LinkKind.GITHUB, "https://github.com/aino-esimerkki"), (LinkKind.OTHER, PORTFOLIO)],
    )  # fmt: skip
    people.application(before - timedelta(days=30), None, name="A. Esimerkki")
    people.application(now, None, email="eino@example.org", name="Eino Näyte", is_confirmed=False)
    add_note(made.candidate_id, text="Read.", actor=staff(recruiter.pk), at=now)
    return made


def page_of(application: Application) -> str:
    return reverse("admin:candidates_candidate_change", args=[application.candidate_id])


def test_every_screen_is_sound(
    open_tab: OpenTab, sent: Application, recruiter: User, officer: User, administrator: User
) -> None:
    candidates = reverse("admin:candidates_candidate_changelist")
    screens: list[tuple[User | None, str, str]] = [
        (None, "login", reverse("admin:login")),
        (recruiter, "today", reverse("admin:index")),
        (recruiter, "list", candidates),
        (recruiter, "list-empty", f"{candidates}?q=zzz"),
        (recruiter, "applications", reverse("admin:candidates_application_changelist")),
        (recruiter, "positions", reverse("admin:candidates_position_changelist")),
        (recruiter, "position", reverse("admin:candidates_position_change", args=[sent.position_id])),
        (recruiter, "candidate", page_of(sent)),
        (officer, "erase", reverse("admin:candidates_candidate_delete", args=[sent.candidate_id])),
        (administrator, "users", reverse("admin:accounts_user_changelist")),
        (administrator, "user", reverse("admin:accounts_user_change", args=[recruiter.pk])),
        (administrator, "password", reverse("admin:password_change")),
    ]
    found, tab = {}, open_tab()
    for who, name, path in screens:
        if who:
            tab.sign_in(who)
        assert tab.open(path) == 200, name
        found[name] = faults(tab)
        tab.pictures(f"admin-{name}")
        if name == "candidate":
            found["mistake"] = make_mistake(tab)
    found["user"] = [what for what in found["user"] if not any(part in what for part in STOCK)]
    assert {name: what for name, what in found.items() if what} == {}


def make_mistake(tab: Tab) -> list[str]:
    """Save a note without text."""
    assert tab.submit(".note [type=submit]") == 422
    assert tab.page.evaluate("document.activeElement.matches('.summary')")
    found = faults(tab)
    tab.pictures("admin-mistake")
    return found


def test_the_keyboard_always_shows_where_it_is(open_tab: OpenTab, sent: Application, recruiter: User) -> None:
    tab = open_tab(PHONE)
    tab.sign_in(recruiter)
    for path in (reverse("admin:index"), reverse("admin:candidates_candidate_changelist"), page_of(sent)):
        tab.open(path)
        stops, problems = tab.unseen_focus()
        assert (stops > 15, problems) == (True, []), path


@pytest.mark.parametrize("has_script", [True, False], ids=["script", "plain"])
def test_a_recruiters_work(open_tab: OpenTab, sent: Application, recruiter: User, has_script: bool) -> None:
    """From the sign-in to the CV, a note, a call and the next stage; no request goes to a candidate's link."""
    tab = open_tab(PHONE if has_script else DESKTOP, java_script_enabled=has_script)
    page = tab.page
    tab.open(reverse("admin:index"))
    page.fill("#id_username", recruiter.email)
    page.fill("#id_password", people.PASSWORD)
    tab.submit("[type=submit]")
    page.fill("#find", sent.reference)
    tab.submit(".find [type=submit]")
    tab.submit("#result_list tbody a")
    assert (urlsplit(page.url).path, page.inner_text("h1")) == (page_of(sent), "Aino Esimerkki")

    with page.expect_download() as download:
        page.click(".files a")
    assert (download.value.path().read_bytes(), download.value.suggested_filename) == (CV, "cv.pdf")

    page.fill("#id_note-text", "Knows Django.")
    tab.submit(".note [type=submit]")
    assert "Knows Django." in page.inner_text(".timeline")
    page.select_option("#id_interaction-kind", InteractionKind.CALL)
    page.fill("#id_interaction-text", "Would start in January.")
    tab.submit("#contact [type=submit]")
    assert "Would start in January." in page.inner_text(".timeline")
    page.locator("#move select").first.select_option(Stage.INTERVIEW)
    tab.submit("#move [type=submit] >> nth=0")
    assert page.inner_text(".stage >> nth=0") == "Interview"

    page.click(".who")
    assert page.is_visible("text=Log out")
    tab.submit("text=Suomeksi")
    assert (page.get_attribute("html", "lang"), urlsplit(page.url).path) == ("fi", page_of(sent))
    assert page.locator(f"a[href='{PORTFOLIO}']").count() == 1
    assert tab.other_hosts == set()
    sent.refresh_from_db()
    call = Interaction.objects.get(kind=InteractionKind.CALL)
    assert (sent.stage, call.text) == (Stage.INTERVIEW, "Would start in January.")
    assert sorted(Note.objects.values_list("text", flat=True)) == ["Knows Django.", "Read."]


RUNS = "alert(1)"
EVIL = f"\"><script>{RUNS}</script><img src=x onerror={RUNS}><svg onload={RUNS}>'`${{{RUNS}}}{{{{7*7}}}}"
TURNED = "\u202egnp.fdp"  # what follows reads backwards
ADDRESS = f'"<svg/onload={RUNS}>"@example.org'
LINKS = [f"javascript:{RUNS}", f"data:text/html,<script>{RUNS}</script>", f"https://example.org/{EVIL}"]
PLACES = (
    "script:not([src]), img[src=x], svg[onload], [onerror], [onclick], [href^='javascript:'], [href^='data:'], iframe"
)
INTRUDERS = f"""[...document.querySelectorAll("{PLACES}")]
    .map(one => one.outerHTML).filter(html => html.includes("{RUNS}"))"""


def test_the_watch_sees_what_runs(open_tab: OpenTab) -> None:
    tab = open_tab()
    tab.page.goto("about:blank")
    tab.page.set_content(f"<img src=x onerror={RUNS}>")
    tab.page.wait_for_timeout(200)
    assert (tab.dialogs, len(tab.page.evaluate(INTRUDERS))) == (["1"], 1)
    tab.forget()


def make_hostile(recruiter: User, now: datetime) -> Application:
    """The value in every field that takes text, past all forms."""
    User.objects.filter(pk=recruiter.pk).update(name=EVIL + TURNED)
    before = now - timedelta(days=3)
    text = f"{EVIL}\n[x](javascript:{RUNS}) ![x](x) <b onclick={RUNS}>{TURNED}"
    position = people.position(
        recruiter, slug=OPEN, title_en=f"Title {EVIL}{TURNED}", title_fi=f"Nimi {EVIL}{TURNED}", team=EVIL, places=EVIL,
        description_en=text, description_fi=text,
    )  # fmt: skip
    made = people.application(
        before, position, name=f"Name {EVIL}{TURNED}", email=ADDRESS, phone=f"1{EVIL}"[:50],
        cover_letter=text, skills=text, interests=text, links=[(LinkKind.OTHER, link) for link in LINKS],
        cv_name=f"CV {EVIL}{TURNED}.pdf",
    )  # fmt: skip
    who = staff(recruiter.pk)
    add_note(made.candidate_id, text=text, actor=who, at=now)
    record_interaction(made.candidate_id, kind=InteractionKind.CALL, occurred_at=before, text=text, actor=who, at=now)
    return made


def test_hostile_values_do_nothing(
    open_tab: OpenTab, recruiter: User, officer: User, administrator: User, now: datetime, tmp_path: Any
) -> None:
    made = make_hostile(recruiter, now)
    pages = Pages("en", {}, make_files(tmp_path), now)
    looks: list[tuple[User | str | None, list[str]]] = [
        (recruiter, [
            reverse("admin:index"), reverse("admin:candidates_candidate_changelist"), page_of(made),
            reverse("admin:candidates_application_changelist"), reverse("admin:candidates_position_changelist"),
            reverse("admin:candidates_position_change", args=[made.position_id]),
        ]),
        (officer, [reverse("admin:candidates_candidate_delete", args=[made.candidate_id])]),
        (administrator, [
            reverse("admin:accounts_user_changelist"), reverse("admin:accounts_user_change", args=[recruiter.pk]),
        ]),
        (None, [
            pages.url("candidates:positions"), pages.url("candidates:position", OPEN),
            pages.url("candidates:apply", OPEN),
        ]),
        (made.candidate.address, [pages.url("my_data:page")]),
    ]  # fmt: skip
    tab = open_tab()
    for who, paths in looks:
        tab.context.clear_cookies()
        if isinstance(who, User):
            tab.sign_in(who)
        elif who:
            tab.sign_in_as_candidate(who)
        for path in paths:
            assert tab.open(path) == 200, path
            assert RUNS in tab.page.content(), path
            assert tab.page.evaluate(INTRUDERS) == [], path
        assert (tab.complaints, tab.other_hosts) == ([], set()), paths


def test_what_is_typed_comes_back_as_text(open_tab: OpenTab, recruiter: User, now: datetime, tmp_path: Any) -> None:
    """The form, its check page, the lists' search and the way in show what somebody typed, and do nothing with it."""
    people.position(recruiter, slug=OPEN)
    pages = Pages("en", {}, make_files(tmp_path), now)
    tab = open_tab()
    pages.at_url("candidates:apply", OPEN)(tab)
    for name in ("name", "email", "linkedin", "links", "cover_letter", "phone", "skills"):
        tab.page.fill(f"#id_{name}", EVIL)
    assert tab.submit("form[data-sending] .acts .button") == 422
    assert (tab.page.input_value("#id_name"), tab.page.evaluate(INTRUDERS)) == (EVIL, [])
    tab.page.fill("#id_linkedin", "")
    tab.page.fill("#id_links", "")
    tab.page.fill("#id_phone", "")
    assert pages.fill_in(tab) == 200
    assert (EVIL in tab.page.inner_text(".answers"), tab.page.evaluate(INTRUDERS)) == (True, [])
    tab.sign_in(recruiter)
    tab.open(f"{reverse('admin:candidates_candidate_changelist')}?q={EVIL.replace('$', '')}")
    assert (tab.page.input_value("#searchbar"), tab.page.evaluate(INTRUDERS)) == (EVIL.replace("$", ""), [])
