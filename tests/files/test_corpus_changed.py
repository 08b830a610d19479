"""Files of the corpus, changed by chance: nothing raises, and what is taken is what a second judge takes it for."""

from io import BytesIO
from random import Random

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from files.checker import check_document
from files.enums import MediaKind, Refusal
from tests.corpus.judge import complaint
from tests.corpus.kinds import HONEST
from tests.corpus.mutations import mutated, sources


def test_the_second_judge_has_no_complaint_about_honest_files() -> None:
    honest = {kind.name for kind in HONEST}
    said = {kind.name: complaint(kind.kind, data) for kind, data in sources() if kind.name in honest}
    assert {name: words for name, words in said.items() if words} == {}


def test_the_second_judge_complains_about_files_that_act() -> None:
    said = {kind.name: complaint(MediaKind.PDF, data) for kind, data in sources() if kind.refusal}
    assert said["pdf_hostile: script at opening"] == "acts when it is opened"
    assert said["pdf_hostile: script by name, in kids"] == "scripts by name"
    assert said["pdf_hostile: script of an annotation"] == "acts when it is clicked"


@settings(max_examples=600, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(min_value=0))
@example(584)
def test_no_change_raises_or_makes_another_kind_of_file_pass(seed: int) -> None:
    _name, data = mutated(Random(seed))

    verdict = check_document(BytesIO(data), "cv")

    if verdict.refusal is None:
        assert (verdict.kind in MediaKind, complaint(verdict.kind, data)) == (True, "")
    else:
        assert verdict.refusal in Refusal
