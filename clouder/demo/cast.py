"""The made-up people of the demonstration: who they are, when they applied, and what became of it.

Times are days before today. The people at the top are there for one state each; the others fill the lists, drawn by a
fixed seed, so that everybody sees the same people.
"""

import unicodedata
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from random import Random

from policy.calendar import add_years
from policy.periods import RETENTION_YEARS

SEED = 20261124
DOMAIN = "example.org"


class Story(StrEnum):
    """What happened after the application; each is played by ``clouder.demo.stories``."""

    RECEIVED = "received"
    IN_REVIEW = "in review"
    INTERVIEW = "interview"
    OFFER = "offer"
    HIRED = "hired"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    UNCONFIRMED = "unconfirmed"
    DISOWNED = "disowned"
    CONSENT_GIVEN = "consent given in my data"
    CONSENT_WITHDRAWN = "consent withdrawn"
    ERASURE_REQUESTED = "erasure requested"
    ERASURE_DUE = "erasure requested a day ago"
    ERASED = "erased"
    INVITED = "interview to come"
    NO_SHOW = "missed an interview"
    ASKED_FOR_COPY = "asked for a copy of the data"
    RESTRICTED = "disputes what is kept"
    OBJECTED = "objected, and is not to be approached again"
    HELD = "something is held for a claim"
    UNREACHABLE = "mail came back"


@dataclass(frozen=True)
class Part:
    """One application: by whom, for which position (none: an open one), how many days ago, and its story."""

    name: str
    language: str
    trade: str
    position: str | None
    days: float
    story: Story
    has_cv: bool = True
    has_letter_file: bool = False
    has_longer_storage: bool = False

    @property
    def email(self) -> str:
        """An address that belongs to nobody; of two parts of one name it is the same."""
        plain = unicodedata.normalize("NFKD", self.name).encode("ascii", "ignore").decode().lower()
        return f"{'.'.join(plain.split())}@{DOMAIN}"


FIRST = ("Aada", "Elias", "Ilona", "Joel", "Kerttu", "Leo", "Minea", "Niilo", "Oona", "Pihla", "Roope", "Saimi",
         "Taavi", "Ulla", "Väinö", "Amira", "Bjørn", "Chidi", "Daniela", "Farid")  # fmt: skip
LAST = ("Esimerkki", "Malli", "Näyte", "Kuvitelma", "Harjoitus", "Luonnos", "Mukama", "Olematon", "Satunen", "Tekaistu",
        "Keksitty", "Koenen")  # fmt: skip
CROWD = (
    ("backend", "backend-developer", Story.RECEIVED, 2), ("backend", "backend-developer", Story.RECEIVED, 4),
    ("design", "service-designer", Story.RECEIVED, 2), ("data", "data-engineer", Story.RECEIVED, 9),
    ("people", "people-coordinator", Story.RECEIVED, 7), ("backend", "backend-developer", Story.IN_REVIEW, 9),
    ("cloud", "cloud-architect", Story.IN_REVIEW, 16), ("people", "people-coordinator", Story.IN_REVIEW, 13),
    ("data", "data-engineer", Story.IN_REVIEW, 11), ("backend", "backend-developer", Story.INTERVIEW, 23),
    ("cloud", "cloud-architect", Story.INTERVIEW, 31), ("data", "data-engineer", Story.INTERVIEW, 44),
    ("people", "people-coordinator", Story.OFFER, 37), ("cloud", "cloud-architect", Story.HIRED, 160),
    ("frontend", "frontend-developer", Story.REJECTED, 75), ("backend", "backend-developer", Story.REJECTED, 52),
    ("cloud", "cloud-architect", Story.REJECTED, 210), ("data", "data-engineer", Story.REJECTED, 300),
)  # fmt: skip


def cast(today: date) -> list[Part]:
    """Everybody, the same at every call of a day."""
    return [*_leads(today), *_crowd()]


def _leads(today: date) -> list[Part]:
    backend, design, cloud, devops = "backend-developer", "service-designer", "cloud-architect", "devops-consultant"
    frontend, data = "frontend-developer", "data-engineer"

    def due(days: int) -> int:
        """How many days ago the last contact was, if the data may be kept for so many days more.

        Whoever was rejected was written to ten days after the application.
        """
        return (today - (add_years(today, -RETENTION_YEARS) + timedelta(days=days))).days

    return [
        Part("Aino Esimerkki", "en", "backend", backend, 1.1, Story.RECEIVED, has_letter_file=True),
        Part("Eino Malli", "fi", "backend", backend, 5, Story.IN_REVIEW),
        Part("Helmi Kuvitelma", "fi", "design", design, 14, Story.INTERVIEW, has_letter_file=True),
        Part("Onni Näyte", "en", "cloud", cloud, 41, Story.OFFER),
        Part("Venla Harjoitus", "fi", "frontend", frontend, 92, Story.HIRED),
        Part("Ada Olematon", "en", "data", data, 56, Story.REJECTED),
        Part("Kaarlo Satunen", "fi", "design", design, 20, Story.WITHDRAWN),
        Part("Siiri Mukama", "fi", "backend", backend, 25 / 1440, Story.UNCONFIRMED),
        Part("Oliver Keksitty", "en", "cloud", None, 55 / 1440, Story.UNCONFIRMED, has_cv=False),
        Part("Lumi Tekaistu", "fi", "people", "people-coordinator", 20, Story.UNCONFIRMED),
        Part("Erkki Erehdys", "fi", "data", data, 13, Story.DISOWNED),
        Part("Toivo Koenen", "fi", "frontend", frontend, 300, Story.REJECTED),
        Part("Toivo Koenen", "fi", "backend", backend, 8, Story.IN_REVIEW),
        Part("Elli Luonnos", "fi", "cloud", devops, due(-40) + 10, Story.REJECTED, has_longer_storage=True),
        Part("Mikael Malli", "en", "data", data, 130, Story.CONSENT_GIVEN),
        Part("Iida Näyte", "fi", "design", None, 100, Story.CONSENT_WITHDRAWN, has_longer_storage=True),
        Part("Paavo Harjoitus", "fi", "cloud", devops, due(5) + 10, Story.REJECTED),
        Part("Greta Olematon", "en", "cloud", devops, due(22) + 10, Story.REJECTED, has_letter_file=True),
        Part("Hilma Satunen", "fi", "cloud", devops, due(28) + 10, Story.REJECTED),
        Part("Vanha Tapaus", "fi", "cloud", devops, due(-3) + 10, Story.REJECTED),
        Part("Poissa Oleva", "fi", "cloud", devops, due(-45) + 10, Story.ERASED),
        Part("Emma Mukama", "en", "frontend", frontend, 70, Story.ERASURE_REQUESTED),
        Part("Unto Unohdettu", "fi", "data", data, 33, Story.ERASURE_DUE),
        Part("Linnea Keksitty", "en", "design", None, 6, Story.RECEIVED, has_cv=False),
        Part("Otso Koenen", "fi", "people", None, 10, Story.IN_REVIEW, has_letter_file=True),
        Part("Senja Näyte", "fi", "backend", backend, 6, Story.INVITED),
        Part("Aatu Luonnos", "en", "data", data, 19, Story.NO_SHOW),
        Part("Saga Satunen", "en", "people", "people-coordinator", 64, Story.ASKED_FOR_COPY),
        Part("Tuisku Harjoitus", "fi", "frontend", frontend, 47, Story.RESTRICTED, has_letter_file=True),
        Part("Jalo Mukama", "fi", "cloud", "cloud-architect", 88, Story.OBJECTED),
        Part("Rauha Tekaistu", "en", "data", data, 205, Story.HELD),
        Part("Ilmo Kuvitelma", "fi", "cloud", devops, due(18) + 10, Story.UNREACHABLE),
    ]


def _crowd() -> list[Part]:
    rng = Random(SEED)  # noqa: S311 (nothing is secret here)
    firsts = rng.sample(FIRST, len(CROWD))
    return [
        Part(
            name=f"{first} {rng.choice(LAST)}",
            language=rng.choice(("en", "fi")),
            trade=trade,
            position=slug,
            days=days,
            story=story,
            has_letter_file=rng.random() < 0.2,
        )
        for first, (trade, slug, story, days) in zip(firsts, CROWD, strict=True)
    ]
