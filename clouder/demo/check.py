"""``dev.py demo --check``: the main job over HTTP, on a site of its own, with a worker that is a process of its own.

Somebody applies, confirms, is read and called; two years pass; the worker erases. Every step looks at what the portal
answered and at what the database and the store hold, and fails with its reason where it is not as it should be.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

from django.conf import settings

from accounts.models import User
from clouder.celery import app
from clouder.demo import data, show, steps_apply, steps_erase, steps_staff
from clouder.demo.database import own_database
from clouder.demo.http import Upload
from clouder.demo.papers import curriculum_files
from clouder.demo.positions import make_positions
from clouder.demo.processes import Site, port_is_free
from clouder.demo.report import Report, say
from clouder.demo.run import Run
from clouder.demo.show import Refusal
from clouder.embedded.processes import free_port
from common import clock

LOG_LINES = 25
Step = tuple[str, Callable[[], str]]


def run(port: int | None, paths: list[Path]) -> int:
    """Do every step until one fails; returns the exit code.

    Raises Refusal before anything has started: a taken port, a file that cannot be read.
    """
    uploads = read_files(paths)
    chosen = port or free_port()
    if not port_is_free(chosen):
        raise Refusal(f"Port {chosen} of this machine is taken: choose another with --port.")
    folder = show.data_folder()
    with own_database() as url:
        environment = {"DATABASE_URL": url, "CLOUDER_SITE_URL": f"http://127.0.0.1:{chosen}"}
        site = Site(chosen, folder, has_beat=False, logs_to_files=True, environment=environment)
        report, result = Report(), "INTERRUPTED"
        try:
            has_passed = all(report.step(title, act) for title, act in steps(site, uploads))
            result = "PASSED" if has_passed else "FAILED"
        finally:
            site.stop()
            app.close()
            if result == "FAILED":
                show_logs(site)
            print(closing_line(report, result), flush=True)
    return 0 if has_passed else 1


def read_files(paths: list[Path]) -> list[Upload]:
    """The files to apply with: those that were named, and a letter with a single one; else two made on the spot."""
    if len(paths) > settings.FILES_PER_APPLICATION:
        raise Refusal(f"An application takes at most {settings.FILES_PER_APPLICATION} files.")
    made = [Upload(name, content) for name, content in curriculum_files()]
    try:
        given = [Upload(path.name, path.read_bytes()) for path in paths]
    except OSError as error:
        raise Refusal(f"{error.filename} cannot be read: {error.strerror}.") from error
    return given + made[len(given) :] if len(given) < len(made) else given


def steps(site: Site, uploads: list[Upload]) -> Iterator[Step]:
    """The steps in their order; a generator, because each needs what the ones before it made."""
    yield "The site", lambda: start(site)
    assert settings.CLOCK_FILE is not None
    recruiter = User.objects.get(email=data.STAFF[0][1])
    job = Run(site, settings.CLOCK_FILE, Path(settings.EMAIL_FILE_PATH), recruiter, uploads)
    yield "Positions, position, form", lambda: steps_apply.open_form(job)
    yield "The form is sent", lambda: steps_apply.fill_in(job)
    yield "Check your answers", lambda: steps_apply.look_at_answers(job)
    yield "The application is sent", lambda: steps_apply.send(job)
    yield "The receipt", lambda: steps_apply.confirm(job, job.first)
    yield "A recruiter signs in", lambda: steps_staff.open_page(job)
    yield "The documents", lambda: steps_staff.download(job)
    yield "Ten days later, a note", lambda: steps_staff.add_note(job)
    yield "A call", lambda: steps_staff.record_call(job, job.first)
    yield "Another person, in Finnish", lambda: steps_apply.apply_with_link(job)
    yield "My data", lambda: steps_apply.own_data(job)
    if steps_erase.has_bucket():
        yield "The bucket before", lambda: steps_erase.clutter_bucket(job)
    yield "Two years later, just before", lambda: steps_erase.just_before(job)
    yield "Just after, no worker yet", lambda: steps_erase.just_after(job)
    yield "The worker erases", lambda: steps_erase.erase(job)
    yield "Rows", lambda: steps_erase.rows_gone(job)
    yield "Objects", lambda: steps_erase.objects_gone(job)
    yield "Ledger", lambda: steps_erase.ledger_written(job)
    yield "The other person", lambda: steps_erase.other_untouched(job)


def start(site: Site) -> str:
    """Migrate, make staff and positions, start the web server and the worker."""
    show.prepare()
    recruiters = data.make_staff(data.STAFF[:1])
    make_positions(recruiters, clock.now())
    site.start()
    return f"web server and worker run at {site.url}, on an empty database"


def show_logs(site: Site) -> None:
    """The last lines of what the processes said, for whoever looks into the failure."""
    for log in (site.web_log, site.worker_log):
        if log and log.exists():
            lines = log.read_text(errors="replace").splitlines()[-LOG_LINES:]
            say("\n".join([f"--- the end of {log.name}:", *lines]))


def closing_line(report: Report, result: str) -> str:
    """How it went, and what ran."""
    count = f"{report.count} steps" if result == "PASSED" else f"at step {report.count}"
    parts = f"web server (gunicorn), worker (celery), {settings.PARTS}"
    return f"{result}: {count}, {report.seconds:.1f} s. What ran: {parts}."
