"""The openings of a made-up consultancy, one for each state that a position can be in."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from accounts.models import User
from audit.enums import Action
from audit.services import record_event
from candidates.enums import EmploymentType, Remote, SalaryPeriod
from candidates.models import Position
from common.actors import staff
from policy.calendar import local_date, local_midnight


@dataclass(frozen=True)
class Opening:
    """A position; its dates are days from today, negative ones in the past."""

    slug: str
    title_en: str
    title_fi: str
    team: str
    places: str
    salary: tuple[int, int]
    opened: int
    closes: int | None
    intro_en: str
    intro_fi: str
    work_en: tuple[str, ...]
    work_fi: tuple[str, ...]
    remote: Remote = Remote.HYBRID
    contract: EmploymentType = EmploymentType.PERMANENT
    period: SalaryPeriod = SalaryPeriod.MONTH
    is_published: bool = True


OPENINGS = (
    Opening(
        "cloud-architect", "Cloud architect", "Pilviarkkitehti", "Cloud foundations", "Helsinki, Tampere",
        (6200, 8000), -240, None,
        "You design the ground that our customers' services stand on, and you stay until it carries them.",
        "Suunnittelet perustan, jolla asiakkaidemme palvelut seisovat, ja pysyt mukana, kunnes se kantaa.",
        ("agree with the customer on what must never fail, and build for that first",
         "write infrastructure as code that the customer's own people can read",
         "leave every system cheaper to run than you found it"),
        ("sovit asiakkaan kanssa, mikä ei saa koskaan pettää, ja rakennat sen ensin",
         "kirjoitat infrastruktuurin koodina, jota asiakkaan omat ihmiset osaavat lukea",
         "jätät jokaisen järjestelmän halvemmaksi ylläpitää kuin se oli"),
        remote=Remote.REMOTE,
    ),
    Opening(
        "backend-developer", "Backend developer", "Backend-kehittäjä", "Public services", "Helsinki, Oulu",
        (4500, 6200), -60, 21,
        "Half a million people book, pay and apply through what this team writes, mostly in Python.",
        "Puoli miljoonaa ihmistä varaa, maksaa ja hakee palveluissa, joita tämä tiimi kirjoittaa, paljolti Pythonilla.",
        ("build services with Django and PostgreSQL, tests first",
         "take part in reviews, where the newest member's question counts as much as anybody's",
         "be on call one week in eight, paid and with the power to fix what woke you"),
        ("rakennat palveluja Djangolla ja PostgreSQL:llä, testit edellä",
         "osallistut katselmointeihin, joissa uusimman tulokkaan kysymys painaa yhtä paljon kuin muidenkin",
         "päivystät joka kahdeksas viikko korvausta vastaan ja saat korjata sen, mikä sinut herätti"),
    ),
    Opening(
        "data-engineer", "Data engineer", "Data-insinööri", "Data and analytics", "Tampere, Turku",
        (4800, 6500), -420, None,
        "You bring data from where it arises to where it is understood, without losing what it means.",
        "Tuot datan sieltä, missä se syntyy, sinne, missä se ymmärretään, eikä sen merkitys katoa matkalla.",
        ("model, move and test data with SQL, dbt and Python",
         "talk with those who enter the data before you talk about the warehouse",
         "say no to collecting what nobody needs"),
        ("mallinnat, siirrät ja testaat dataa SQL:llä, dbt:llä ja Pythonilla",
         "puhut niiden kanssa, jotka syöttävät datan, ennen kuin puhut tietovarastosta",
         "sanot ei sen keräämiselle, mitä kukaan ei tarvitse"),
    ),
    Opening(
        "service-designer", "Service designer", "Palvelumuotoilija", "Design", "Helsinki",
        (4000, 5400), -25, 5,
        "You find out what people try to get done, and take away what stands in their way.",
        "Otat selvää, mitä ihmiset yrittävät saada aikaan, ja poistat sen, mikä on tiellä.",
        ("interview, sketch and test every week, with real users",
         "work beside developers and not before them",
         "hold our accessibility promises in every project"),
        ("haastattelet, luonnostelet ja testaat joka viikko oikeiden käyttäjien kanssa",
         "työskentelet kehittäjien rinnalla etkä ennen heitä",
         "pidät huolta saavutettavuuslupauksistamme jokaisessa hankkeessa"),
    ),
    Opening(
        "people-coordinator", "People coordinator", "Henkilöstökoordinaattori", "People", "Tampere",
        (2900, 3400), -90, None,
        "Twenty hours a week, you make sure that new colleagues find a desk, a mentor and their first pay slip.",
        "Huolehdit kahdenkymmenen tunnin viikossa, että uusi työkaveri löytää työpisteen, tuutorin ja ensimmäisen "
        "palkkalaskelmansa.",
        ("plan first weeks together with the teams",
         "keep the hours, holidays and contracts in order",
         "answer questions in Finnish and in English"),
        ("suunnittelet ensimmäiset viikot yhdessä tiimien kanssa",
         "pidät tunnit, lomat ja sopimukset järjestyksessä",
         "vastaat kysymyksiin suomeksi ja englanniksi"),
        remote=Remote.ON_SITE, contract=EmploymentType.PART_TIME,
    ),
    Opening(
        "summer-trainee", "Summer trainee, software", "Kesäharjoittelija, ohjelmistot", "Academy", "Helsinki, Oulu",
        (15, 17), 14, 60,
        "Three months on a real team, with a mentor whose calendar has room for you.",
        "Kolme kuukautta oikeassa tiimissä, ohjaajana ihminen, jonka kalenterissa on sinulle tilaa.",
        ("build one thing that goes into production before August",
         "learn testing, review and release by doing them",
         "tell us at the end what we should change"),
        ("teet yhden asian, joka menee tuotantoon ennen elokuuta",
         "opit testaamisen, katselmoinnin ja julkaisemisen tekemällä",
         "kerrot lopuksi, mitä meidän pitäisi muuttaa"),
        contract=EmploymentType.INTERNSHIP, period=SalaryPeriod.HOUR,
    ),
    Opening(
        "frontend-developer", "Frontend developer", "Frontend-kehittäjä", "Public services", "Helsinki",
        (4300, 5900), -400, -30,
        "Pages that open at once, work without a mouse, and read well aloud.",
        "Sivuja, jotka avautuvat heti, toimivat ilman hiirtä ja kuulostavat hyviltä ääneen luettuina.",
        ("write HTML first, then CSS, then as little script as will do",
         "test with keyboards, screen readers and old phones",
         "keep the design system small"),
        ("kirjoitat ensin HTML:n, sitten CSS:n ja lopuksi mahdollisimman vähän skriptiä",
         "testaat näppäimistöllä, ruudunlukijalla ja vanhoilla puhelimilla",
         "pidät suunnittelujärjestelmän pienenä"),
    ),
    Opening(
        "devops-consultant", "DevOps consultant", "DevOps-konsultti", "Cloud foundations", "Helsinki, Turku",
        (5200, 6800), -1000, -560,
        "A year with one customer: from releases twice a year to releases twice a day.",
        "Vuosi yhden asiakkaan kanssa: kahdesta julkaisusta vuodessa kahteen julkaisuun päivässä.",
        ("build pipelines that the customer keeps",
         "measure before and after",
         "teach on the way"),
        ("rakennat julkaisuputket, jotka jäävät asiakkaalle",
         "mittaat ennen ja jälkeen",
         "opetat matkan varrella"),
        contract=EmploymentType.FIXED_TERM,
    ),
    Opening(
        "security-specialist", "Security specialist", "Tietoturva-asiantuntija", "Cloud foundations", "Helsinki",
        (5800, 7500), -5, None,
        "A draft: the team is still writing what this work is.",
        "Luonnos: tiimi kirjoittaa vielä, mitä tämä työ on.",
        ("threat modelling with the teams", "reviews of what goes out", "drills"),
        ("uhkamallinnusta tiimien kanssa", "katselmointeja ennen julkaisua", "harjoituksia"),
        is_published=False,
    ),
)  # fmt: skip

OFFER_EN = """**What we offer**: the salary stated above, thirty days of holiday, working hours that you agree on with
your team, and a day a month to learn what you like.

**How it goes on**: we answer within two weeks. Those who fit are called, then there are two talks: one about your work,
and one with the team. We set no tasks to be done at home."""
OFFER_FI = """**Mitä tarjoamme**: yllä mainitun palkan, kolmekymmentä lomapäivää, työajan, josta sovit tiimisi kanssa,
sekä päivän kuussa oman valintasi mukaiseen oppimiseen.

**Miten tästä eteenpäin**: vastaamme kahdessa viikossa. Soitamme sopiville, ja sen jälkeen keskustellaan kahdesti:
kerran työstäsi ja kerran tiimin kanssa. Kotitehtäviä emme anna."""


def make_positions(contacts: tuple[User, ...], at: datetime) -> dict[str, Position]:
    """Make every opening, by slug; the contact persons take turns. The act is dated when the opening was published."""
    today = local_date(at)
    made = {}
    for number, opening in enumerate(OPENINGS):
        contact = contacts[number % len(contacts)]
        position = Position.objects.create(**_fields(opening, today), contact_person=contact)
        made_at = min(local_midnight(position.open_from), at)
        record_event(Action.POSITION_CHANGED, at=made_at, actor=staff(contact.pk), object_ref=position.pk)
        made[opening.slug] = position
    return made


def _fields(opening: Opening, today: date) -> dict[str, object]:
    return {
        "slug": opening.slug,
        "title_en": opening.title_en,
        "title_fi": opening.title_fi,
        "team": opening.team,
        "places": opening.places,
        "remote": opening.remote,
        "employment_type": opening.contract,
        "salary_min": opening.salary[0],
        "salary_max": opening.salary[1],
        "salary_period": opening.period,
        "description_en": _description(opening.intro_en, "You will", opening.work_en, OFFER_EN),
        "description_fi": _description(opening.intro_fi, "Työssä", opening.work_fi, OFFER_FI),
        "open_from": today + timedelta(days=opening.opened),
        "open_until": today + timedelta(days=opening.closes) if opening.closes is not None else None,
        "is_published": opening.is_published,
    }


def _description(intro: str, head: str, work: tuple[str, ...], offer: str) -> str:
    points = "\n".join(f"* {line}" for line in work)
    return f"{intro}\n\n## {head}\n\n{points}\n\n{offer}"
