"""What identifies a person (spec 2.10): one form for identity, which errs towards not disclosing, and a wider one for
leaving somebody alone, which errs towards not contacting.
"""

import unicodedata

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from policy.identifiers import canonical_profile, normalise_address, suppression_address


@pytest.mark.parametrize(
    ("typed", "normal"),
    [
        (" Aino@Example.ORG ", "aino@example.org"),
        ("aino+jobs@example.org", "aino+jobs@example.org"),
        ("a.i.no@example.org", "a.i.no@example.org"),
        ("straße@example.org", "straße@example.org"),
        ("a\u030ake@example.org", "åke@example.org"),
        ("x@EXÄMPLE.org", "x@xn--exmple-cua.org"),
        ("x@exämple.org", "x@xn--exmple-cua.org"),
        ('"a@b"@example.org', '"a@b"@example.org'),
        ("aino@example.org.", "aino@example.org."),
        ("J\u030c@example.org", "\u01f0@example.org"),
    ],
)
def test_normal_form(typed: str, normal: str) -> None:
    assert normalise_address(typed) == normal
    assert normalise_address(normal) == normal


NO_ADDRESS = ["", "aino", "@example.org", "aino@", "aino@-x.org", "aino@a b.org", "aino@.org", f"a@{'x' * 70}.org"]


@pytest.mark.parametrize("typed", NO_ADDRESS)
def test_what_is_no_address(typed: str) -> None:
    for form in (normalise_address, suppression_address):
        with pytest.raises(ValueError, match="not"):
            form(typed)


LOCAL = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12)
DOMAIN = st.sampled_from(["example.org", "EXAMPLE.org", "exämple.org", "xn--exmple-cua.org", "example.org."])
ADDRESS = st.one_of(st.emails(), st.builds(lambda local, domain: f"{local}@{domain}", LOCAL, DOMAIN))


@given(ADDRESS)
@example("J\u030c@example.org")
@example("Aino+Jobs@Example.org")
def test_each_form_of_a_form_is_itself(typed: str) -> None:
    assume(typed.rpartition("@")[0].strip())
    for form in (normalise_address, suppression_address):
        assert form(form(typed)) == form(typed)


@given(ADDRESS)
@example("Aino@Example.org")
def test_what_is_one_mailbox_is_suppressed_as_one(typed: str) -> None:
    assume(typed.rpartition("@")[0].strip())
    normal = normalise_address(typed)
    for variant in (f" {typed} ", unicodedata.normalize("NFD", typed), normal):
        if variant.rpartition("@")[0].strip() and normalise_address(variant) == normal:
            assert suppression_address(variant) == suppression_address(typed)


@given(LOCAL, LOCAL)
@example("a.ino", "aino")
@example("aino+jobs", "aino")
@example("straße", "strasse")
@example("aino", "äino")
def test_the_normal_form_never_equates_two_mailboxes(one: str, other: str) -> None:
    assume(one.strip() == one and other.strip() == other)
    same = unicodedata.normalize("NFC", unicodedata.normalize("NFC", one).lower()) == unicodedata.normalize(
        "NFC", unicodedata.normalize("NFC", other).lower()
    )
    assert (normalise_address(f"{one}@example.org") == normalise_address(f"{other}@example.org")) is same


@pytest.mark.parametrize(
    ("typed", "form"),
    [
        ("Aino+Jobs@Example.org", "aino@example.org"),
        ("aino+a+b@example.org", "aino@example.org"),
        ("+aino@example.org", "+aino@example.org"),
        ("straße@example.org", "strasse@example.org"),
        ("STRASSE@example.org", "strasse@example.org"),
        ("aino@example.org.", "aino@example.org"),
        ("a.i.no@example.org", "a.i.no@example.org"),
        ("aino@exämple.org", "aino@xn--exmple-cua.org"),
        ("a\u030ake+x@example.org", "åke@example.org"),
    ],
)
def test_suppression_form(typed: str, form: str) -> None:
    assert suppression_address(typed) == form


AINO = "linkedin.com/in/aino-esimerkki"


@pytest.mark.parametrize(
    ("typed", "canonical"),
    [
        *((url, AINO) for url in (
            "https://www.linkedin.com/in/aino-esimerkki",
            "http://linkedin.com/in/aino-esimerkki/",
            "linkedin.com/in/Aino-Esimerkki",
            "HTTPS://FI.LinkedIn.com/in/aino-esimerkki?trk=public#about",
            "https://m.linkedin.com/mwlite/in/aino-esimerkki",
            "https://www.linkedin.com/comm/in/aino-esimerkki/fi",
            "https://www.linkedin.com/in/aino-esimerkki/details/skills/",
            "https://www.linkedin.com:443/in//aino-esimerkki",
            "https://www.linkedin.com./in/aino%2Desimerkki",
        )),
        ("https://www.linkedin.com/in/%C3%A4iti", "linkedin.com/in/%C3%A4iti"),
        ("https://www.linkedin.com/in/ÄITI/", "linkedin.com/in/%C3%A4iti"),
        ("https://www.linkedin.com/in/a\u0308iti/", "linkedin.com/in/%C3%A4iti"),
        ("https://www.linkedin.com/pub/aino/1/2/3", "linkedin.com/pub/aino/1/2/3"),
        ("https://www.linkedin.com/in/", "linkedin.com/in"),
        ("https://www.linkedin.com", "linkedin.com"),
        ("https://github.com/Aino/", "github.com/aino"),
        ("http://www.github.com/aino?tab=repositories#top", "github.com/aino"),
        ("https://gist.github.com/aino", "github.com/aino"),
        ("https://github.com/aino/Portal", "github.com/aino/portal"),
        ("https://Aino.Example.org/", "aino.example.org"),
        ("https://www.example.org/~Aino/", "example.org/~Aino"),
        ("https://example.org/people?id=7#cv", "example.org/people?id=7"),
        ("https://exämple.org:8080/x", "xn--exmple-cua.org:8080/x"),
    ],
)  # fmt: skip
def test_one_spelling_for_a_profile(typed: str, canonical: str) -> None:
    assert canonical_profile(typed) == canonical
    assert canonical_profile(canonical) == canonical


def test_what_only_looks_like_a_profile_is_another() -> None:
    others = ["https://notlinkedin.com/in/aino-esimerkki", "https://linkedin.com.example.org/in/aino-esimerkki",
              "https://www.linkedin.com/in/aino-esimerkki-2", "https://www.linkedin.com/company/aino-esimerkki",
              "https://github.com/aino-esimerkki"]  # fmt: skip
    assert AINO not in {canonical_profile(url) for url in others}
    assert len({canonical_profile(url) for url in others}) == len(others)


@pytest.mark.parametrize(
    "typed",
    ["", "aino", "ftp://example.org/aino", "javascript:alert(1)", "https://", "Otto from sales", "mailto:a@b.fi"],
)
def test_what_is_no_web_address(typed: str) -> None:
    with pytest.raises(ValueError, match=r"not|port|IPv6"):
        canonical_profile(typed)


STEP = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=8)
HOST = st.sampled_from(["www.linkedin.com", "fi.linkedin.com", "github.com", "gist.github.com", "www.example.org"])


@given(HOST, st.lists(STEP, max_size=4))
@example("www.linkedin.com", ["in", "Aino"])
def test_the_canonical_profile_of_one_is_itself(host: str, steps: list[str]) -> None:
    canonical = canonical_profile(f"https://{host}/{'/'.join(steps)}")
    assert canonical_profile(canonical) == canonical
    assert canonical_profile(f"HTTP://{canonical}") == canonical
