"""People, positions and applications for tests, made by the services that make them in life."""

from datetime import date, datetime
from io import BytesIO
from typing import Any
from uuid import UUID, uuid4

from django.contrib.auth.models import Group

from accounts.enums import Role
from accounts.models import User
from candidates.enums import DocumentKind, EmploymentType
from candidates.models import Application, Position
from candidates.services.addresses import confirm_address
from candidates.services.applications import Answers, submit_application
from files.models import StoredFile
from files.samples import pdf
from files.services import stage_file

PASSWORD = "correct horse battery"


def user(role: Role, email: str, **fields: Any) -> User:
    """A member of staff in a role."""
    made = User.objects.create_user(email, PASSWORD, name=fields.pop("name", email.partition("@")[0].title()), **fields)
    made.groups.add(Group.objects.get(name=role.value))
    return made


def position(contact: User, **fields: Any) -> Position:
    """An open position."""
    values: dict[str, Any] = {
        "slug": "backend-developer",
        "title_en": "Backend developer",
        "title_fi": "Backend-kehittäjä",
        "team": "Platform",
        "places": "Helsinki, Tampere",
        "employment_type": EmploymentType.PERMANENT,
        "salary_min": 4500,
        "salary_max": 6200,
        "description_en": "You build **services**.",
        "description_fi": "Rakennat **palveluja**.",
        "open_from": date(2026, 1, 1),
        "contact_person": contact,
        "is_published": True,
    }
    return Position.objects.create(**{**values, **fields})


def staged(owner_ref: UUID, at: datetime, *, content: bytes | None = None, name: str = "cv.pdf") -> StoredFile:
    """A staged file under a record that is to be."""
    return stage_file(BytesIO(content or pdf("A CV")), name=name, owner_ref=owner_ref, at=at)


def application(
    at: datetime,
    position: Position | None = None,
    *,
    email: str = "aino@example.org",
    name: str = "Aino Esimerkki",
    is_confirmed: bool = True,
    has_cv: bool = True,
    cv: bytes | None = None,
    cv_name: str = "cv.pdf",
    **answers: Any,
) -> Application:
    """An application that was sent at ``at``, its address confirmed unless said otherwise."""
    ref = uuid4()
    files = [(DocumentKind.CV, staged(ref, at, content=cv, name=cv_name).pk)] if has_cv else []
    sent = submit_application(
        Answers(
            submission_key=uuid4(),
            candidate_ref=ref,
            language=answers.pop("language", "en"),
            name=name,
            email=email,
            files=files,
            **answers,
        ),
        position=position,
        at=at,
    )
    if is_confirmed:
        confirm_address(sent.candidate_id, address=sent.candidate.address, at=at)
    sent.refresh_from_db()
    return sent
