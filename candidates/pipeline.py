"""Which stage may follow which; the same for all positions.

Any open stage leads to any other open stage or to an end. An end is left again only by a person and with a reason.
"""

from candidates.enums import Stage

OPEN_STAGES = (Stage.RECEIVED, Stage.IN_REVIEW, Stage.INTERVIEW, Stage.OFFER)
ENDS = (Stage.HIRED, Stage.REJECTED, Stage.WITHDRAWN, Stage.CLOSED_BY_RETENTION)

CHOSEN_BY_STAFF = (*OPEN_STAGES, Stage.HIRED, Stage.REJECTED)
"""What a recruiter can move an application to: withdrawing is the candidate's, closing by retention the worker's."""


def may_follow(current: Stage, following: Stage, *, has_reason: bool = False) -> bool:
    """Whether an application may be moved from one stage to another."""
    if current == following:
        return False
    if current in OPEN_STAGES:
        return True
    return following in OPEN_STAGES and has_reason
