"""The corpus through the door: every kind of file, hostile and honest, and every name.

Rows S03, S04, S06, S08, S09 and S14 of the security specification, threats T3 to T5, goals G1 to G3.
"""

import time
from datetime import datetime
from email.message import Message
from email.parser import HeaderParser
from email.utils import decode_rfc2231
from io import BytesIO
from urllib.parse import unquote
from uuid import uuid4

import pytest

from files.checker import Verdict, check_document
from files.delivery import deliver
from files.enums import SUFFIXES, MediaKind
from files.models import StoredFile
from files.samples import pdf
from files.services import download_name, stage_file
from tests.corpus.kinds import HONEST, HOSTILE, Kind
from tests.corpus.names import NAMES

CPU_SECONDS = 10
"""What the child process may use (the table of limits)."""


def test_the_corpus_is_as_large_as_promised() -> None:
    names = [kind.name for kind in (*HONEST, *HOSTILE)]
    assert len(set(names)) == len(names)
    assert (len(HONEST) >= 104, len(HOSTILE) >= 120, len(NAMES) >= 40) == (True, True, True)


@pytest.mark.parametrize("kind", HONEST, ids=lambda kind: kind.name)
def test_every_honest_file_is_taken(kind: Kind) -> None:
    verdict, seconds = checked(kind.build())
    assert verdict == Verdict(kind.kind, None, "sound")
    assert seconds < CPU_SECONDS


@pytest.mark.parametrize("kind", HOSTILE, ids=lambda kind: kind.name)
def test_every_other_file_is_refused_for_its_own_reason(kind: Kind) -> None:
    verdict, seconds = checked(kind.build())
    assert verdict.refusal == kind.refusal
    assert seconds < CPU_SECONDS


def checked(data: bytes) -> tuple[Verdict, float]:
    """The verdict, and the seconds of CPU it took, which do not depend on what else the machine does."""
    start = time.process_time()
    verdict = check_document(BytesIO(data), "cv")
    return verdict, time.process_time() - start


# Names


@pytest.mark.django_db
@pytest.mark.parametrize("sent", NAMES, ids=ascii)
def test_no_name_reaches_a_key_or_breaks_out_of_a_header(at: datetime, sent: str) -> None:
    shown = NAMES[sent]

    stored = stage_file(BytesIO(pdf("CV")), name=sent, owner_ref=uuid4(), at=at)
    stored.refresh_from_db()
    response = deliver(stored)
    response.close()

    owner, _, rest = stored.key.partition("/")
    assert (owner, len(rest), rest.strip("0123456789abcdef")) == (str(stored.owner_ref), 32, "")
    assert stored.name == shown
    assert len(stored.name) <= 255
    assert disposition_of(response["Content-Disposition"]) == ("attachment", download_name(stored))


def disposition_of(header: str) -> tuple[str, str]:
    """The kind and the file name that a client reads from ``Content-Disposition`` (RFC 6266)."""
    assert not {"\r", "\n"} & set(header)
    message: Message = HeaderParser().parsestr(f"Content-Disposition: {header}\n\n")
    (kind, _), *parameters = message.get_params(header="content-disposition") or []
    name = dict(parameters)["filename"]
    if isinstance(name, tuple):
        charset, _language, value = decode_rfc2231("'".join(name)) if len(name) != 3 else name
        name = unquote(value, encoding=charset or "utf-8") if "%" in value else value.encode("latin-1").decode(charset)
    return kind, name


def test_a_download_ends_in_what_the_file_is(at: datetime) -> None:
    given = {download_name(StoredFile(name=shown, kind=MediaKind.PDF)) for shown in NAMES.values()}
    assert [name for name in given if not name.lower().endswith(SUFFIXES[MediaKind.PDF])] == []
