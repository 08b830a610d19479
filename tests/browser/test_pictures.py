"""The pictures of the documentation, made of the demonstration's data at a fixed instant.

They are drawn at every run, and written to docs/images where SCREENSHOTS is set.
"""

from base64 import b64encode
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest
from django.conf import settings as project
from django.urls import reverse
from pytest_django import Settings

from accounts.models import User
from candidates.models import Application
from clouder.demo import data
from files.samples import pdf
from tests.parts.browser import PICTURES, OpenTab, Tab

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

AT = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
SHOWN = ("Onni Näyte", "Aino Esimerkki")
WIDE, TALL = {"width": 1280, "height": 1120}, {"width": 390, "height": 900}
OVERVIEW = {"width": 1400, "height": 880}
BOTH = """<!DOCTYPE html><style>
    html {{ block-size: 100%; background: #d5dfdd }}
    body {{ display: flex; gap: 36px; align-items: center; justify-content: center; block-size: 100%; margin: 0 }}
    img {{ box-sizing: border-box; block-size: 800px; box-shadow: 0 8px 24px #073c4733 }}
    img:first-of-type {{ border: 8px solid #15212b; border-radius: 32px }} img:last-of-type {{ border-radius: 8px }}
</style><img src="data:image/png;base64,{}" alt=""><img src="data:image/png;base64,{}" alt="">"""
LIMITS = {"apply-form": 200_000, "candidate-page": 200_000, "overview": 300_000}  # bytes


@pytest.fixture
def demo(settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> User:
    """The demonstration with few people, as it stands at the instant, and its English-speaking recruiter."""
    settings.CLOCK_FILE = tmp_path / "clock"
    settings.CLOCK_FILE.write_text(str((AT - datetime.now(UTC)).total_seconds()))
    settings.CONTROLLER = {**project.CONTROLLER, "name": "Kuvitteellinen Oy"}
    monkeypatch.setattr("candidates.services.applications.secrets", Random(7))
    monkeypatch.setattr(data, "STAFF", (data.STAFF[1], data.STAFF[0], *data.STAFF[2:]))
    everybody = data.cast
    monkeypatch.setattr(data, "cast", lambda today: [part for part in everybody(today) if part.name in SHOWN])
    data.load(AT)
    return User.objects.get(email=data.STAFF[1][1])


def fill_in(tab: Tab, cv: Path) -> None:
    """Begin an application, as far as the pictures show."""
    tab.open(reverse("candidates:apply", args=["backend-developer"]))
    tab.page.fill("#id_name", "Aino Esimerkki")
    tab.page.fill("#id_email", "aino.esimerkki@example.org")
    tab.page.set_input_files("#id_cv", cv)
    tab.page.evaluate("document.activeElement.blur()")


def crop(tab: Tab, top: int, bottom: int) -> bytes:
    """The page in its whole width, from one height to another."""
    area = {"x": 0, "y": top, "width": WIDE["width"], "height": bottom - top}
    return tab.page.screenshot(full_page=True, clip=area)


def test_the_pictures_of_the_documentation(demo: User, open_tab: OpenTab, tmp_path: Path) -> None:
    cv = tmp_path / "Aino Esimerkki CV.pdf"
    cv.write_bytes(pdf("Curriculum vitae"))
    desk, phone = open_tab(WIDE), open_tab(TALL, device_scale_factor=2)
    fill_in(phone, cv)
    phone.page.evaluate("document.querySelector('#part-you').closest('section').scrollIntoView()")
    on_phone = phone.page.screenshot()
    fill_in(desk, cv)
    pictures = {"apply-form": crop(desk, 0, 1392)}
    desk.sign_in(demo)
    shown = Application.objects.get(candidate__name=SHOWN[0])
    desk.open(reverse("admin:candidates_candidate_change", args=[shown.candidate_id]))
    pictures["candidate-page"] = crop(desk, 0, 1200)
    on_desk = desk.page.screenshot()
    desk.page.set_viewport_size(OVERVIEW)
    desk.page.goto("about:blank")
    desk.page.set_content(BOTH.format(b64encode(on_phone).decode(), b64encode(on_desk).decode()), wait_until="load")
    pictures["overview"] = desk.page.screenshot()

    assert {name: content[:4] for name, content in pictures.items()} == dict.fromkeys(LIMITS, b"\x89PNG")
    if PICTURES:
        write(pictures, project.BASE_DIR / "docs" / "images")


def write(pictures: dict[str, bytes], folder: Path) -> None:
    """Put the pictures where the documents look for them. Their sizes depend on the fonts of the machine."""
    folder.mkdir(exist_ok=True)
    for name, content in pictures.items():
        assert len(content) <= LIMITS[name], f"{name}: crop it, it has {len(content)} bytes"
        (folder / f"{name}.png").write_bytes(content)
