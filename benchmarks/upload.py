"""The form with a file: sent straight to the bucket beforehand, beside the same file sent through the form (goal 6);
and other requests while a hundred slow uploads are held, behind the nginx configuration in deploy/ (goal 8).

Measured for the first is the processor time of the web process alone, in process: moto serves the bucket in another,
and the file is checked in a child on both sides. The announcement of the direct file is not part of the form's POST; it
is shown in the table beside it.
"""

import os
import tempfile
import time
from io import BytesIO
from pathlib import Path
from typing import Any

from benchmarks import _report as report
from benchmarks import _slow_uploads

SIZE = 1_000_000
URL = "/en/positions/backend-developer/apply/"
ROUNDS, QUICK_ROUNDS = 101, 3


def seconds(act: Any) -> float:
    """Processor time of this process for an act; a child's is not in it."""
    began = time.process_time()
    act()
    return time.process_time() - began


def prepare() -> None:
    """A database of its own with one position."""
    from clouder.embedded import s3

    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        os.environ[name] = s3.CREDENTIAL
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    import django

    django.setup()
    from django.conf import settings
    from django.db import connection
    from django.test.utils import setup_test_environment

    for name in ("FILES_PER_DAY_AND_PREFIX", "BYTES_PER_DAY_AND_PREFIX", "FORM_POSTS_PER_HOUR_AND_PREFIX",
                 "SUBMISSIONS_PER_HOUR_AND_PREFIX"):  # fmt: skip
        setattr(settings, name, 10**12)
    setup_test_environment()
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    from accounts.enums import Role
    from tests.factories import people

    people.position(people.user(Role.RECRUITER, "rea@example.org"))


def use_bucket(endpoint: str) -> None:
    """Lead Django to the buckets of that server."""
    from django.conf import settings

    from clouder import settings as real_settings
    from clouder.embedded import s3

    real_settings.ENV["CLOUDER_S3_ENDPOINT"], real_settings.ENV["CLOUDER_S3_REGION"] = endpoint, s3.REGION
    settings.STORAGES["files"] = real_settings._storage(s3.BUCKETS[0], None)


class Applicant:
    """One browser with the form before it."""

    def __init__(self, content: bytes) -> None:
        from django.test import Client

        from tests.factories.browser import form_with

        self.client, self.content = Client(), content
        self.data = form_with(self.client.get(URL), "token")["data"] | {"name": "Aino", "email": "aino@example.org"}

    def announce(self) -> dict[str, Any]:
        """Where the file may go."""
        asked = {"token": self.data["token"], "field": "cv", "name": "cv.pdf", "size": len(self.content)}
        answer: dict[str, Any] = self.client.post(f"{URL}upload/", asked).json()
        return answer

    def send(self, **file: Any) -> None:
        """The form's POST."""
        answer = self.client.post(URL, self.data | file)
        assert answer.status_code == 303, answer.content.decode()


def direct(content: bytes, announcing: list[float]) -> float:
    """The form, with the file in the bucket already."""
    from tests.factories.bucket import post_file

    applicant, plans = Applicant(content), []
    announcing.append(seconds(lambda: plans.append(applicant.announce())))
    (plan,) = plans
    assert post_file(plan["url"], plan["fields"], content) == 204
    return seconds(lambda: applicant.send(cv_direct=plan["token"]))


def through(content: bytes) -> float:
    """The form, with the file in it; making the body is the browser's work."""
    from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

    applicant = Applicant(content)
    file = BytesIO(content)
    file.name = "cv.pdf"
    body = encode_multipart(BOUNDARY, applicant.data | {"cv": file})

    def send() -> None:
        answer = applicant.client.generic("POST", URL, body, content_type=MULTIPART_CONTENT)
        assert answer.status_code == 303, answer.content.decode()

    return seconds(send)


def direct_vs_through(*, quick: bool) -> float:
    """How many times the processor time of the direct form the other one takes."""
    from clouder.embedded import s3
    from files.samples import pdf

    content = pdf("A CV") + b"\n" * SIZE  # blanks may follow a PDF's end
    with tempfile.TemporaryDirectory() as folder:
        server = s3.S3(Path(folder))
        server.launch()
        try:
            server.wait_ready()
            server.create_buckets()
            use_bucket(server.endpoint)
            announcing = list[float]()
            for side in (lambda: direct(content, []), lambda: through(content)):
                side()  # the first of each loads what it needs
            straight, carried = report.in_turn(
                QUICK_ROUNDS if quick else ROUNDS,
                lambda: direct(content, announcing),
                lambda: through(content),
            )
        finally:
            server.stop()
    report.table([("form, file through it", carried), ("form, file in the bucket", straight),
                  ("announcement before it", announcing)])  # fmt: skip
    return report.median(carried) / report.median(straight)


def main() -> None:
    """Measure and report."""
    options = report.arguments("upload", __doc__ or "")
    prepare()
    ratios = _slow_uploads.measure(options.quick)
    ratios["direct_vs_through"] = direct_vs_through(quick=options.quick)
    is_met = ratios["direct_vs_through"] >= 2.5 and ratios["idle_vs_100_slow"] <= _slow_uploads.GOAL
    report.finish("upload", ratios, goals_met=is_met, quick=options.quick)


if __name__ == "__main__":
    main()
