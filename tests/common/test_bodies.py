"""A body that ends before its announced length is an error, and never a shorter body."""

from io import BytesIO

import pytest
from django.test import Client

from common.bodies import WholeBody


def test_a_whole_body_is_read_to_its_end_and_beyond() -> None:
    body = WholeBody(BytesIO(b"one\ntwo"), 7)
    assert (body.readline(), body.read(2), body.read(), body.read(), body.read(5)) == (b"one\n", b"tw", b"o", b"", b"")


@pytest.mark.parametrize("size", [(), (5,)])
def test_a_body_that_ends_early_is_an_error(size: tuple[int, ...]) -> None:
    body = WholeBody(BytesIO(b"one"), 4)
    assert body.read(3) == b"one"
    assert body.read(0) == b""
    with pytest.raises(ConnectionResetError):
        body.read(*size)


def test_a_body_without_a_length_is_refused_in_the_language_of_the_page(client: Client) -> None:
    path = "/fi/omat-tiedot/kirjaudu/"
    answer = client.generic("POST", path, b"", headers={"Transfer-Encoding": "chunked"}, CONTENT_LENGTH="")
    assert (answer.status_code, answer.headers["Content-Language"]) == (400, "fi")


def test_a_body_that_is_too_large_is_refused_on_every_page_with_a_way_back(client: Client) -> None:
    path = "/en/my-data/sign-in/"
    answer = client.generic("POST", path, b"", CONTENT_LENGTH="25000001")
    assert (answer.status_code, f'href="{path}"' in answer.content.decode()) == (413, True)
