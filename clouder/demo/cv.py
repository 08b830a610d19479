"""The texts of made-up people: CVs, letters, notes and what was said, in both languages."""

from dataclasses import dataclass
from random import Random

from candidates.enums import SourceKind
from candidates.services.sourcing import Found

EMPLOYERS = (
    "Esimerkkipankki Oy", "Malliverkot Oy", "Näytekauppa Oy", "Kuvitteellinen Logistiikka Oy", "Keksitty Energia Oy",
    "Satupelit Oy", "Harjoituskunta", "Luonnos Design Oy",
)  # fmt: skip


@dataclass(frozen=True)
class Trade:
    """What a person does for a living: title, skills, and deeds that a CV can name, in English and Finnish."""

    title: tuple[str, str]
    skills: str
    deeds: tuple[tuple[str, str], ...]
    degree: tuple[str, str]


TRADES = {
    "backend": Trade(
        ("Software developer", "Ohjelmistokehittäjä"),
        "Python, Django, PostgreSQL, Celery, Docker",
        (
            ("moved the booking service from nightly batches to events, without a day of downtime",
             "siirsin varauspalvelun yöajoista tapahtumapohjaiseksi ilman päivänkään katkosta"),
            ("cut the slowest report from forty minutes to twelve seconds by looking at the query plan",
             "lyhensin hitaimman raportin 40 minuutista 12 sekuntiin katsomalla kyselysuunnitelmaa"),
            ("wrote the test suite that let a team of five release every day",
             "kirjoitin testit, joiden varassa viiden hengen tiimi julkaisi joka päivä"),
            ("kept an API of 140 partners compatible through three major versions",
             "pidin 140 kumppanin rajapinnan yhteensopivana kolmen pääversion yli"),
        ),
        ("MSc in computer science, Example University of Technology",
         "Diplomi-insinööri, tietotekniikka, Esimerkin teknillinen yliopisto"),
    ),
    "cloud": Trade(
        ("Cloud engineer", "Pilvi-insinööri"),
        "AWS, Terraform, Kubernetes, Linux, networking",
        (
            ("rebuilt 60 hand-made servers as code and deleted the wiki page that explained them",
             "rakensin 60 käsin tehtyä palvelinta uudelleen koodina ja poistin wikisivun, joka niitä selitti"),
            ("brought the monthly bill down by a third, mostly by turning things off",
             "pudotin kuukausilaskun kolmanneksella, enimmäkseen sammuttamalla asioita"),
            ("led the exercise in which a whole region was lost on purpose, twice a year",
             "vedin kahdesti vuodessa harjoituksen, jossa koko alue menetettiin tahallaan"),
            ("was on call for six years and left a run book that is shorter than this CV",
             "päivystin kuusi vuotta ja jätin jälkeeni ohjeen, joka on tätä ansioluetteloa lyhyempi"),
        ),
        ("BEng in information technology, Example University of Applied Sciences",
         "Insinööri (AMK), tieto- ja viestintätekniikka, Esimerkin ammattikorkeakoulu"),
    ),
    "data": Trade(
        ("Data engineer", "Data-insinööri"),
        "SQL, dbt, Python, Airflow, statistics",
        (
            ("replaced eleven spreadsheets with one tested model that finance and sales both believe",
             "korvasin yksitoista taulukkoa yhdellä testatulla mallilla, johon sekä talous että myynti luottavat"),
            ("found that a quarter of what was collected was never read, and had it stopped",
             "huomasin, ettei neljännestä kerätystä datasta koskaan luettu, ja sain keruun loppumaan"),
            ("built the forecast that lets the warehouse order bread for Midsummer",
             "rakensin ennusteen, jonka perusteella varasto tilaa leivän juhannukseksi"),
            ("taught SQL to forty colleagues who did not ask for it and then did",
             "opetin SQL:ää neljällekymmenelle työkaverille, jotka eivät sitä pyytäneet ja sitten pyysivät"),
        ),
        ("MSc in mathematics, Example University", "Filosofian maisteri, matematiikka, Esimerkin yliopisto"),
    ),
    "design": Trade(
        ("Service designer", "Palvelumuotoilija"),
        "user research, Figma, prototyping, accessibility, facilitation",
        (
            ("took a benefits form from 38 questions to 9 by asking what each answer was used for",
             "lyhensin etuushakemuksen 38 kysymyksestä yhdeksään kysymällä, mihin kutakin vastausta käytetään"),
            ("tested with people who use screen readers every second week for two years",
             "testasin ruudunlukijan käyttäjien kanssa joka toinen viikko kahden vuoden ajan"),
            ("ran the workshops in which three departments agreed on one customer",
             "vedin työpajat, joissa kolme osastoa sopi yhdestä asiakkaasta"),
            ("wrote the words on the buttons, and measured that fewer people called",
             "kirjoitin painikkeiden tekstit ja mittasin, että puheluita tuli vähemmän"),
        ),
        ("MA in design, Example School of Arts", "Taiteen maisteri, muotoilu, Esimerkin taideyliopisto"),
    ),
    "frontend": Trade(
        ("Frontend developer", "Frontend-kehittäjä"),
        "HTML, CSS, TypeScript, accessibility, performance",
        (
            ("made the shop's first page load in under a second on a phone from 2017",
             "sain kaupan etusivun latautumaan alle sekunnissa vuoden 2017 puhelimella"),
            ("removed two hundred kilobytes of script that nobody missed",
             "poistin kaksisataa kilotavua skriptiä, jota kukaan ei jäänyt kaipaamaan"),
            ("kept a design system of 24 components that five teams really use",
             "ylläpidin 24 komponentin suunnittelujärjestelmää, jota viisi tiimiä oikeasti käyttää"),
            ("fixed every finding of an accessibility audit and then the reasons for them",
             "korjasin saavutettavuusarvion kaikki havainnot ja sitten niiden syyt"),
        ),
        ("BBA in business information technology, Example University of Applied Sciences",
         "Tradenomi (AMK), tietojenkäsittely, Esimerkin ammattikorkeakoulu"),
    ),
    "people": Trade(
        ("Office and people coordinator", "Toimisto- ja henkilöstökoordinaattori"),
        "payroll, recruitment, working hours act, Finnish, English, Swedish",
        (
            ("welcomed ninety new colleagues in a year in which the office moved twice",
             "perehdytin yhdeksänkymmentä uutta työntekijää vuonna, jona toimisto muutti kahdesti"),
            ("closed the payroll on the second working day, every month for four years",
             "sain palkanlaskennan valmiiksi toisena työpäivänä joka kuukausi neljän vuoden ajan"),
            ("put the holiday planning into one calendar that people trust",
             "kokosin lomasuunnittelun yhteen kalenteriin, johon luotetaan"),
            ("answered the question before it was asked twice",
             "vastasin kysymykseen ennen kuin se ehdittiin esittää kahdesti"),
        ),
        ("BBA, Example University of Applied Sciences", "Tradenomi (AMK), Esimerkin ammattikorkeakoulu"),
    ),
}  # fmt: skip

LETTERS = {
    "en": """I read your advertisement twice, the second time to see whether it says what the work is. It does, and that
is why I write.

What I would bring is in the CV; what is not in it is that I like to finish things. I have stayed with each system that
I built until somebody else could run it.

I can begin two months after we agree, and I would rather work in {place} than from home.""",
    "fi": """Luin ilmoituksenne kahdesti, toisella kertaa nähdäkseni, kertooko se, mitä työ on. Kertoo, ja siksi
kirjoitan.

Osaamiseni on ansioluettelossa; siellä ei lue, että pidän asioiden loppuun viemisestä. Olen pysynyt jokaisen rakentamani
järjestelmän luona, kunnes joku muu on osannut pitää sitä käynnissä.

Voin aloittaa kahden kuukauden kuluttua sopimuksesta, ja paikkakunnista minulle sopii parhaiten {place}.""",
}

INTERESTS = {
    "en": ("Public services, and systems that have to last", "Teaching, and small teams", "Energy, and open source"),
    "fi": ("Julkiset palvelut ja pitkäikäiset järjestelmät", "Opettaminen ja pienet tiimit", "Energia ja avoin koodi"),
}

NOTES = {
    "en": (
        "Clear CV, and the deeds in it have numbers. Ask about the move to events: what would they do differently?",
        "Good questions about on-call. Would fit the Oulu team; salary wish within the range.",
        "Explained a failure without being asked, and what was changed after it. The team liked that.",
    ),
    "fi": (
        "Pyysi palkaksi haarukan ylärajaa, perustelut hyvät. Sopisi myös Tampereelle.",
        "Kokemusta vähemmän kuin ilmoituksessa, mutta oppii näkyvästi nopeasti. Kutsutaan keskusteluun.",
        "Selkeä ansioluettelo, teoissa numerot mukana. Kysytään, mitä tekisi nyt toisin.",
    ),
}

SAID = {
    "CALL": {
        "en": "Talked for ten minutes about the team and the hours. Still interested; can come next week.",
        "fi": "Soitettu: kertoi nykyisestä työstä ja irtisanomisajasta (2 kk). Sopii keskustelulle ensi viikolla.",
    },
    "MAIL_SENT": {
        "en": "Invited to a talk, with three times to choose from and the names of those who will be there.",
        "fi": "Kutsuttu keskusteluun: kolme aikaa valittavaksi ja mukana olijoiden nimet.",
    },
    "MAIL_RECEIVED": {
        "en": "Chose Thursday at ten, and asked whether the building has a lift. It has.",
        "fi": "Valitsi torstain klo 10 ja kysyi, onko talossa hissi. On.",
    },
    "INTERVIEW": {
        "en": "An hour with two of the team. Walked us through one system, with its mistakes. Next: the lead.",
        "fi": "Tunti kahden tiimiläisen kanssa. Kävi läpi yhden järjestelmän virheineen. Seuraavaksi vetäjä.",
    },
}
ANSWER = {
    "en": "Told why somebody else was chosen, and thanked for the time.",
    "fi": "Kerrottu, miksi valittiin toinen, ja kiitetty ajasta.",
}
REJECTIONS = {
    "en": ("Another candidate had done exactly this work before.", "The position was filled from within."),
    "fi": ("Tehtävään löytyi kokeneempi hakija.", "Tehtävä täytettiin sisäisesti."),
}

PROFILES = {
    "en": "{title} with {years} years of work behind me, most of it in teams that own what they build. I like plain "
    "solutions, and colleagues who say when something is not finished.",
    "fi": "{title}, {years} vuotta työtä takana, enimmäkseen tiimeissä, jotka omistavat sen, mitä rakentavat. Pidän "
    "selkeistä ratkaisuista ja työkavereista, jotka sanovat, kun jokin ei ole valmista.",
}


def curriculum(name: str, trade: Trade, language: str, rng: Random) -> str:
    """A CV of about a page."""
    side = 1 if language == "fi" else 0
    deeds = rng.sample(trade.deeds, len(trade.deeds))
    employers = rng.sample(EMPLOYERS, 2)
    years = rng.randint(4, 14)
    this, before = (2026 - years // 2, 2026 - years)
    words = {
        "profile": ("Profile", "Profiili")[side],
        "work": ("Work", "Työkokemus")[side],
        "education": ("Education", "Koulutus")[side],
        "skills": ("Skills", "Osaaminen")[side],
        "languages": ("Languages", "Kielet")[side],
    }
    profile = PROFILES[language].format(title=trade.title[side], years=years)
    spoken = ("Finnish, English (fluent), Swedish (some)", "suomi, englanti (sujuva), ruotsi (välttävä)")[side]
    return "\n".join(
        [
            name, trade.title[side], "", words["profile"], profile, "", words["work"],
            f"{employers[0]}, {this}-", *(f"- {deed[side]}" for deed in deeds[:2]), "",
            f"{employers[1]}, {before}-{this}", *(f"- {deed[side]}" for deed in deeds[2:]), "",
            words["education"], f"{trade.degree[side]}, {before}", "", words["skills"], trade.skills, "",
            words["languages"], spoken,
        ]
    )  # fmt: skip


def letter(language: str, place: str) -> str:
    """A cover letter of three paragraphs."""
    paragraphs = LETTERS[language].format(place=place).split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


FOUND = Found(
    name="Lempi Kuvitelma",
    language="fi",
    source_kind=SourceKind.OWN_SITE,
    source_ref="https://lempi.kuvitelma.example.org/about",
    reason="Wrote the guide to event-driven systems that the whole team has read.",
    email="lempi.kuvitelma@example.org",
    skills="Java, Kafka, architecture",
)
NAMED = Found(
    name="Armas Näyte",
    language="en",
    source_kind=SourceKind.EMPLOYEE,
    source_ref="Oskar Osaaja, who worked with Armas until 2024",
    reason="Led the move of a hospital's records to the cloud.",
    email="armas.nayte@example.org",
    skills="AWS, Terraform, health care",
)
OUTREACH = (
    "Opas tapahtumapohjaisista järjestelmistä",
    """Hei Lempi,

oppaasi on meillä jokaisen uuden kehittäjän ensimmäistä luettavaa. Haemme nyt arkkitehtia, joka tekisi samaa työkseen.

Jos asia kiinnostaa, kerron mielelläni lisää. Ellei, se on täysin ymmärrettävää.

Riikka Rekrytoija""",
)
"""The first message to somebody who was found: its subject and text."""
