"""One normal form of an address (spec 2.10): it errs towards not disclosing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.identifiers import normalise_address


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
    ],
)
def test_normal_form(typed: str, normal: str) -> None:
    assert normalise_address(typed) == normal
    assert normalise_address(normal) == normal


NO_ADDRESS = ["", "aino", "@example.org", "aino@", "aino@-x.org", "aino@a b.org", "aino@.org", f"a@{'x' * 70}.org"]


@pytest.mark.parametrize("typed", NO_ADDRESS)
def test_what_is_no_address(typed: str) -> None:
    with pytest.raises(ValueError, match="not"):
        normalise_address(typed)


@given(st.emails())
def test_normalising_twice_is_normalising_once(typed: str) -> None:
    normal = normalise_address(typed)
    assert normalise_address(normal) == normal
