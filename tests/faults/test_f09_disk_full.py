"""F09: the disk for uploads is full. The form comes back with all that was typed, and a smaller file works."""

import os
import re
import resource
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from html import unescape
from pathlib import Path

import pytest

from candidates.models import Application, ApplicationDraft
from files.models import StoredFile
from files.samples import pdf
from tests.parts.nginx import children
from tests.parts.site import Answer, Site, StartSite, large_pdf, multipart, wait_until

pytestmark = [pytest.mark.timeout(120), pytest.mark.usefixtures("position")]

FORM = "/en/positions/backend-developer/apply/"
LOMAKE = "/fi/avoimet-tyopaikat/backend-developer/hae/"
TYPED = {
    "name": "Aino Esimerkki",
    "email": "aino@example.org",
    "cover_letter": "Hyvä lukija,\r\nosaan yhtä ja toista.",
    "skills": "Python & SQL",
}
DISK = 8_000_000
BIG = 9_500_000
"""Less than one file may have, and more than the disk has."""
NOT_STORED = {
    FORM: "The file could not be stored just now. Choose it again in a moment; everything else is kept",
    LOMAKE: "Tiedoston tallentaminen ei onnistunut juuri nyt. Valitse se hetken päästä uudelleen",
}


@pytest.fixture
def mount(tmp_path: Path) -> Iterator[Callable[[Path], bool]]:
    """Puts a disk of 8 MB at a folder and says whether this machine lets one be made."""
    mounted = []

    def mount(folder: Path) -> bool:
        command = ["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", str(folder)]
        if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode != 0:
            return False
        mounted.append(folder)
        return True

    yield mount
    for folder in mounted:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture
def site(start_site: StartSite, mount: Callable[[Path], bool], tmp_path: Path) -> Site:
    """The portal, whose uploads wait on the small disk, or which may write no larger file."""
    folder = tmp_path / "disk"
    folder.mkdir()
    is_mounted = mount(folder)
    started = start_site(folder)
    if not is_mounted:
        assert started.gunicorn.process is not None
        for child in children(started.gunicorn.process.pid):
            resource.prlimit(child, resource.RLIMIT_FSIZE, (DISK, DISK))
    return started


def send(site: Site, path: str, **files: tuple[str, bytes]) -> Answer:
    body, kind = multipart(TYPED, **files)
    return site.send("POST", path, body, Content_Type=kind)


def assert_kept(page: Answer) -> None:
    """The form shows what was typed."""
    fields = dict(re.findall(r'<input[^>]* name="(name|email)"[^>]* value="([^"]*)"', page.text))
    areas = dict(
        re.findall(r'<textarea[^>]* name="(cover_letter|skills)"[^>]*>\s*(.*?)</textarea>', page.text, re.DOTALL)
    )
    found = {name: unescape(value) for name, value in {**fields, **areas}.items()}
    assert found == TYPED


def assert_nothing_waits(site: Site) -> None:
    """The temporary files of a request go when its answer has been sent."""
    wait_until(lambda: site.gunicorn.temporary() == [], "temporary files go")


@pytest.mark.parametrize("path", [FORM, LOMAKE])
def test_a_file_for_which_there_is_no_room(site: Site, path: str) -> None:
    page = send(site, path, cv=("cv.pdf", large_pdf(BIG)))
    assert page.status == 422
    assert NOT_STORED[path] in page.text
    assert_kept(page)
    assert (StoredFile.objects.count(), Application.objects.count()) == (0, 0)
    assert_nothing_waits(site)
    draft = ApplicationDraft.objects.get()
    assert (draft.answers["skills"], draft.files) == (TYPED["skills"], {})

    again = send(site, path, cv=("cv.pdf", large_pdf(1_000_000)))
    assert again.status == 303
    assert StoredFile.objects.get().size > 900_000
    assert_nothing_waits(site)


def test_the_file_beside_it_is_taken(site: Site) -> None:
    page = send(site, FORM, cv=("cv.pdf", large_pdf(BIG)), other_file=("sample.pdf", large_pdf(500_000)))
    assert page.status == 422
    assert page.text.count(NOT_STORED[FORM]) >= 1
    assert StoredFile.objects.get().name == "sample.pdf"
    assert_nothing_waits(site)
    assert "Traceback" not in site.gunicorn.log.read_text()


def fill(folder: Path) -> Path:
    """Take all the room of a disk with one file."""
    full = folder / "full"
    with full.open("wb", buffering=0) as file, suppress(OSError):
        while file.write(bytes(65_536)) == 65_536:
            pass
    return full


def need_a_disk(folder: Path) -> None:
    if not folder.is_mount():
        pytest.skip("no disk of its own can be made here, and a limit of one file's size leaves others their room")


def test_a_disk_without_any_room_at_all(site: Site) -> None:
    need_a_disk(site.gunicorn.tmp)
    full = fill(site.gunicorn.tmp)
    page = send(site, LOMAKE, cv=("cv.pdf", pdf("A CV")))
    assert (page.status, NOT_STORED[LOMAKE] in page.text) == (422, True)
    assert_kept(page)
    full.unlink()
    assert_nothing_waits(site)
    assert StoredFile.objects.count() == 0
    assert send(site, LOMAKE, cv=("cv.pdf", pdf("A CV"))).status == 303


def test_without_room_for_nginx_the_answer_is_a_page_in_both_languages(
    site: Site, mount: Callable[[Path], bool]
) -> None:
    mount(site.nginx.body)
    need_a_disk(site.nginx.body)
    page = send(site, FORM, cv=("cv.pdf", large_pdf(BIG)))
    assert page.status == 500
    assert re.findall(r"<h[12]>(.*?)</h", page.text) == [
        "The site does not answer just now",
        "Sivusto ei juuri nyt vastaa",
    ]
    assert (StoredFile.objects.count(), ApplicationDraft.objects.count()) == (0, 0)
    assert list(site.nginx.body.iterdir()) == []
    assert send(site, FORM, cv=("cv.pdf", large_pdf(1_000_000))).status == 303
