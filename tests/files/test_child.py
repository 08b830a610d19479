"""The child in which files are checked: it ends within its limits, reaches nothing, and its end is a refusal.

Rows T3, T5 and F18 of the security specification. ``tests.parts.checks`` stands in for a parser that was taken over.
"""

import io
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import pytest

from files.checker import check_document
from files.child import WORK, Checker, check_in_child
from files.confinement import ChildLimits
from files.enums import MediaKind, Refusal
from files.errors import CheckerBusy
from files.samples import docx, pdf
from files.slots import take_slot
from files.verdict import Verdict
from tests.corpus.rules import ACCEPTED, REFUSED
from tests.parts.checks import ways_out, works

LIMITS = ChildLimits(cpu_seconds=1, wall_seconds=2, memory_bytes=100_000_000)


class MakeChecker(Protocol):
    def __call__(self, work: str = "", *, limits: ChildLimits = LIMITS, count: int = 1) -> Checker: ...


@pytest.fixture
def make_checker(tmp_path: Path) -> Iterator[MakeChecker]:
    made: list[Checker] = []

    def make(work: str = "", *, limits: ChildLimits = LIMITS, count: int = 1) -> Checker:
        name = f"tests.parts.checks:{work}" if work else WORK
        made.append(Checker(tmp_path / "slots", work=name, limits=limits, count=count))
        return made[-1]

    yield make
    for checker in made:
        checker.close()


def died(how: str) -> Verdict:
    return Verdict(None, Refusal.TOO_COMPLEX, how)


# What comes of it


@pytest.mark.parametrize("case", [*ACCEPTED, *REFUSED])
def test_a_child_says_what_the_checker_says(case: str) -> None:
    data = (ACCEPTED.get(case) or REFUSED[case])[1]()
    assert check_in_child(io.BytesIO(data), "cv.bin") == check_document(io.BytesIO(data), "cv.bin")


def test_names_of_any_kind_are_told() -> None:
    legacy = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(1000)
    for name in ("a" * 5000 + ".doc", "ä\u202e\0\n\ud800.doc"):
        assert check_in_child(io.BytesIO(legacy), name).refusal == Refusal.LEGACY_FORMAT
    assert check_in_child(io.BytesIO(legacy), "a.msi").refusal == Refusal.WRONG_TYPE


@pytest.mark.parametrize("is_file", [True, False])
def test_a_stream_can_be_read_from_its_beginning_afterwards(is_file: bool) -> None:
    content = docx("A CV\n" * 5000)
    with tempfile.TemporaryFile() if is_file else io.BytesIO() as stream:
        stream.write(content)
        stream.seek(0)
        assert stream.read(100) == content[:100]
        assert check_in_child(stream, "cv").kind == MediaKind.DOCX
        stream.seek(0)
        assert stream.read() == content


def test_threads_get_each_their_own_verdict() -> None:
    contents = {MediaKind.PDF: pdf("A CV"), MediaKind.DOCX: docx("A CV"), None: b"none of these"}
    found: list[tuple[MediaKind | None, MediaKind | None]] = []

    def check(kind: MediaKind | None, content: bytes) -> None:
        for _ in range(10):
            found.append((kind, check_in_child(io.BytesIO(content), "cv").kind))

    threads = [threading.Thread(target=check, args=item) for item in contents.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found, key=str) == sorted(((kind, kind) for kind in contents for _ in range(10)), key=str)


# Limits


@pytest.mark.parametrize(("work", "how"), [("burn", "no verdict"), ("hang", "no verdict"), ("abort", "no verdict")])
def test_a_child_that_dies_is_a_refusal_and_the_next_one_works(make_checker: MakeChecker, work: str, how: str) -> None:
    checker = make_checker(work)
    assert [checker.check(io.BytesIO(b"x"), "cv") for _ in range(2)] == [died(how)] * 2


def test_a_child_may_take_so_much_memory_and_no_more(make_checker: MakeChecker) -> None:
    checker = make_checker("hoard")
    assert checker.check(io.BytesIO(bytes(80)), "cv").is_accepted
    assert checker.check(io.BytesIO(bytes(120)), "cv") == died("MemoryError")
    assert checker.check(io.BytesIO(bytes(80)), "cv").is_accepted


def test_after_a_file_that_kills_its_child_others_are_taken(make_checker: MakeChecker) -> None:
    checker = make_checker("picky")
    contents = [b"good", b"poison", b"good", b"poison", b"good"]
    found = [checker.check(io.BytesIO(content), "cv").refusal for content in contents]
    assert found == [None, Refusal.TOO_COMPLEX] * 2 + [None]


def test_a_child_that_is_killed_from_outside_is_a_refusal(make_checker: MakeChecker) -> None:
    checker = make_checker("hang", limits=ChildLimits())
    found: list[Verdict] = []
    waiting = threading.Thread(target=lambda: found.append(checker.check(io.BytesIO(b"x"), "cv")))
    waiting.start()
    wait_for(lambda: [hangs(child) for child in children_of(checker)] == [True])
    for child in children_of(checker):
        os.kill(child, signal.SIGKILL)
    waiting.join()
    assert found == [died("no verdict")]


def wait_for(is_true: Callable[[], bool]) -> None:
    """The suite's own time limit ends a wait in vain."""
    while not is_true():
        time.sleep(0.01)


def children_of(checker: Checker) -> list[int]:
    helper = checker._helper
    if helper is None:
        return []
    return [
        int(pid) for pid in Path(f"/proc/{helper.process.pid}/task/{helper.process.pid}/children").read_text().split()
    ]


def hangs(child: int) -> bool:
    """Whether a child has given up everything, and has begun its sleep."""
    limits = Path(f"/proc/{child}/limits").read_text()
    return re.search(r"Max open files +0 ", limits) is not None and ") S " in Path(f"/proc/{child}/stat").read_text()


def test_a_fault_of_the_checker_is_a_refusal_and_tells_nothing_of_the_file(
    make_checker: MakeChecker, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    assert make_checker("stumble").check(io.BytesIO(b"Aino Esimerkki"), "aino.pdf") == died("LookupError")
    assert "LookupError" in caplog.text
    assert "aino" not in (caplog.text + capfd.readouterr().err).lower()


@pytest.mark.parametrize(
    ("work", "how"), [("leave", "no verdict"), ("lie", "cut short"), ("smuggle", "cut short"), ("flood", "cut short")]
)
def test_a_child_is_believed_only_what_makes_sense(make_checker: MakeChecker, work: str, how: str) -> None:
    assert make_checker(work, limits=ChildLimits()).check(io.BytesIO(b"x"), "cv") == died(how)


# Reach


def test_nothing_can_be_reached_from_within(make_checker: MakeChecker, tmp_path: Path) -> None:
    new = tmp_path / "new"
    with tempfile.TemporaryFile() as file:
        file.write(b"as it was")
        file.seek(0)
        assert make_checker("reach").check(file, str(new)).detail == "nothing"
        file.seek(0)
        assert file.read() == b"as it was"
    assert not new.exists()
    from_here = ways_out(new)
    del from_here["socket"], from_here["pipe"]  # they would stay open
    assert [way for way, act in from_here.items() if works(act)] == ["file", "new file", "program"]


def test_a_child_has_no_variables_no_settings_and_few_descriptors(
    make_checker: MakeChecker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLOUDER_SECRET_KEY", "not for parsers")
    # Input, output and errors lead nowhere; then the file, the answer, the slot, and qpdf's source of random numbers.
    variables, _end, rest = make_checker("look_around").check(io.BytesIO(b"x"), "cv").detail.partition("] ")
    assert ("CLOUDER" in variables, rest) == (False, "7 False")


# Slots


def test_where_all_slots_are_taken_the_answer_is_busy(make_checker: MakeChecker, tmp_path: Path) -> None:
    checker = make_checker()
    slot = take_slot(tmp_path / "slots", 1, wait=0)
    with pytest.raises(CheckerBusy):
        checker.check(io.BytesIO(pdf()), "cv")
    os.close(slot)
    assert checker.check(io.BytesIO(pdf()), "cv").is_accepted


def test_there_are_as_many_slots_as_said(tmp_path: Path) -> None:
    taken = [take_slot(tmp_path, 3, wait=0) for _ in range(3)]
    with pytest.raises(CheckerBusy):
        take_slot(tmp_path, 3, wait=0)
    os.close(taken.pop())
    taken.append(take_slot(tmp_path, 3, wait=0))
    for slot in taken:
        os.close(slot)


def test_a_child_holds_its_slot_until_it_ends_whatever_becomes_of_who_asked(
    make_checker: MakeChecker, tmp_path: Path
) -> None:
    checker = make_checker("hang", limits=ChildLimits())
    waiting = threading.Thread(target=lambda: checker.check(io.BytesIO(b"x"), "cv"))
    waiting.start()
    wait_for(lambda: [hangs(child) for child in children_of(checker)] == [True])
    with pytest.raises(CheckerBusy):
        take_slot(tmp_path / "slots", 1, wait=0)
    os.kill(children_of(checker)[0], signal.SIGKILL)
    waiting.join()
    os.close(take_slot(tmp_path / "slots", 1, wait=5))


def test_a_holder_that_dies_frees_its_slot(tmp_path: Path) -> None:
    code = f"import sys; sys.path.insert(0, '.'); from pathlib import Path; from files.slots import take_slot; \
take_slot(Path({str(tmp_path)!r}), 1, wait=0); print('taken', flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"taken\n"
        with pytest.raises(CheckerBusy):
            take_slot(tmp_path, 1, wait=0)
        holder.kill()
    os.close(take_slot(tmp_path, 1, wait=5))


def test_a_folder_that_is_not_ours_is_not_used(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "slots").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(PermissionError):
        take_slot(tmp_path / "slots", 1, wait=0)
    assert list((tmp_path / "elsewhere").iterdir()) == []


# The helper process


def test_a_helper_that_was_killed_is_started_anew(make_checker: MakeChecker) -> None:
    checker = make_checker("picky")
    assert checker.check(io.BytesIO(b"good"), "cv").is_accepted
    first = checker._helper
    assert first is not None
    first.process.kill()
    first.process.wait()
    assert checker.check(io.BytesIO(b"good"), "cv").is_accepted
    assert checker._helper is not first


def test_a_helper_that_cannot_start_is_told_as_busy(
    make_checker: MakeChecker, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(CheckerBusy):
        make_checker("no_such_function").check(io.BytesIO(b"x"), "cv")
    assert caplog.text.count("was gone or did not answer") == 2


def test_a_helper_ends_with_its_process_and_takes_its_children_along(make_checker: MakeChecker) -> None:
    checker = make_checker("hang", limits=ChildLimits())
    waiting = threading.Thread(target=lambda: checker.check(io.BytesIO(b"x"), "cv"))
    waiting.start()
    wait_for(lambda: [hangs(child) for child in children_of(checker)] == [True])
    (child,) = children_of(checker)
    helper = checker._helper
    assert helper is not None
    checker.close()
    waiting.join()
    assert helper.process.returncode == 0
    wait_for(lambda: not is_running(child))


def is_running(pid: int) -> bool:
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False


def test_a_fork_of_the_process_has_a_helper_of_its_own(make_checker: MakeChecker) -> None:
    checker = make_checker("picky")
    assert checker.check(io.BytesIO(b"good"), "cv").is_accepted
    fork = os.fork()
    if fork == 0:
        try:
            has_none = checker._helper is None
            is_accepted = checker.check(io.BytesIO(b"good"), "cv").is_accepted
            checker.close()
            os._exit(0 if has_none and is_accepted else 1)
        finally:
            os._exit(2)
    assert os.waitpid(fork, 0)[1] == 0
    assert checker.check(io.BytesIO(b"good"), "cv").is_accepted
