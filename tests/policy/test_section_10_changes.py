"""§10: the texts may change; each version is dated, in both languages, and never edited."""

import hashlib
from datetime import date
from pathlib import Path

import pytest

from notices import texts
from notices.texts import TextId


@pytest.mark.parametrize("text_id", TextId)
def test_a_version_is_a_date_and_is_found_again(text_id: TextId) -> None:
    for version in texts.versions(text_id):
        assert date.fromisoformat(version).isoformat() == version
        for language in texts.LANGUAGES:
            found = texts.get(text_id, version, language)
            assert found.sha256 == hashlib.sha256(found.body.encode()).hexdigest()
            assert found.paragraphs[0]


PUBLISHED = {
    "short_notice 2026-11-24 en": "ad9181b2719efe3564acddf2fc75f5c30f38532869a7837c3a663910c015ef87",
    "short_notice 2026-11-24 fi": "7788d34e0ec8482fce6baedac8c72f824029106ddc5e64251899ae73858e9e1e",
    "longer_storage 2026-11-24 en": "df100a9ec5b7701f76e6cec096aba30fa1d9bee88f43a122280b0f33b77e5f8c",
    "longer_storage 2026-11-24 fi": "f8913c05adf3b19e61905f2ae42dfd89aace828f394e6b43dca061a7c62e6100",
    "longer_storage 2026-11-25 en": "7eebeee3a3516de70b2b9b135732156ba8d0a8e9d8b3913f85cc7a2f066fd1ee",
    "longer_storage 2026-11-25 fi": "3c0ec48719dc6c6a46c388d3d334802d223ad7af317f84fcc53185da7514c85b",
    "sourced_notice 2026-11-25 en": "72a782ce30dd3edb73d6ec3187916f7ee56f047f19159b82ece208b1c1ad2aef",
    "sourced_notice 2026-11-25 fi": "dffa1c54a57f297f3bb332553304cba899d3a38874a13bcbff8a58cb0be31bf9",
}
"""A published text never changes: a new wording is a new version beside the old one."""


def test_a_published_text_is_never_edited() -> None:
    found = {
        f"{text_id} {version} {language}": texts.get(text_id, version, language).sha256
        for text_id in TextId
        for version in texts.versions(text_id)
        for language in texts.LANGUAGES
    }
    assert found == PUBLISHED


def test_a_text_in_one_language_only_is_not_published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / TextId.SHORT_NOTICE
    folder.mkdir()
    (folder / "2027-01-01.en.txt").write_text("Only English")
    monkeypatch.setattr(texts, "FOLDER", tmp_path)
    texts.versions.cache_clear()
    try:
        with pytest.raises(LookupError, match=r"2027-01-01\.fi"):
            texts.versions(TextId.SHORT_NOTICE)
    finally:
        texts.versions.cache_clear()


def test_what_was_never_published_is_not_found() -> None:
    with pytest.raises(LookupError):
        texts.get(TextId.SHORT_NOTICE, "1999-01-01", "en")
    with pytest.raises(LookupError):
        texts.get(TextId.SHORT_NOTICE, texts.versions(TextId.SHORT_NOTICE)[-1], "sv")
