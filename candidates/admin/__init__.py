"""The recruiters' admin."""

from candidates.admin.applications import ApplicationAdmin
from candidates.admin.candidates import CandidateAdmin
from candidates.admin.positions import PositionAdmin

__all__ = ["ApplicationAdmin", "CandidateAdmin", "PositionAdmin"]
