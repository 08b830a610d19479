"""Whether a person whom we approached was told of it (GDPR Art. 14): the fact that their clock turns on.

The danger is a message that did not arrive and still counts as the notice: then somebody is kept for two years who was
never told. So the date is not set and forgotten, but found anew from the notices that stand whenever a message to the
person is taken back.
"""

from datetime import datetime

from audit.enums import Action
from audit.services import record_event
from candidates.models import Candidate, NoticeShown
from candidates.selectors.sourcing import standing_notice
from common.actors import Actor
from notices.texts import Text, TextId


def record_notice(candidate: Candidate, text: Text, *, given_at: datetime, actor: Actor, at: datetime) -> None:
    """Record that the person was told, with the exact version of the text. The caller computes the clock."""
    shown = NoticeShown.objects.create(
        candidate=candidate,
        text_id=text.text_id,
        text_version=text.version,
        text_language=text.language,
        text_sha256=text.sha256,
        shown_at=given_at,
    )
    settle_notice(candidate)
    record_event(Action.NOTICE_GIVEN, at=at, actor=actor, subject_ref=candidate.pk, object_ref=shown.pk)


def settle_notice(candidate: Candidate) -> None:
    """Set since when the person has been told to what still stands: a message that came back told nobody anything.

    To be called before the clock is computed, by whatever revokes a message to a person. A notice that another system
    gave and an import named stays: no message of ours stands for it.
    """
    own = NoticeShown.objects.filter(candidate=candidate, text_id=TextId.SOURCED_NOTICE)
    if candidate.noticed_at and not own.filter(shown_at=candidate.noticed_at).exists():
        return
    candidate.noticed_at = standing_notice(candidate.pk)
    candidate.save(update_fields=["noticed_at"])
