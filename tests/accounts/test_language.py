"""The language of the admin is the user's own setting (policy §3, logged-in users)."""

import pytest
from django.test import Client

from accounts.models import User

pytestmark = pytest.mark.django_db


def test_the_admin_speaks_the_users_language(client: Client, recruiter: User) -> None:
    client.force_login(recruiter)
    assert '<html lang="en"' in client.get("/admin/", headers={"accept-language": "fi"}).content.decode()
    changed = client.post("/admin/language/", {"language": "fi"})
    assert changed.status_code == 302
    recruiter.refresh_from_db()
    assert recruiter.language == "fi"
    assert '<html lang="fi"' in client.get("/admin/", headers={"accept-language": "en"}).content.decode()


def test_an_unknown_language_changes_nothing(client: Client, recruiter: User) -> None:
    client.force_login(recruiter)
    client.post("/admin/language/", {"language": "xx"})
    recruiter.refresh_from_db()
    assert recruiter.language == "en"
