"""The recruiters' admin."""

from candidates.admin.applications import ApplicationAdmin
from candidates.admin.assessments import SourcingAssessmentAdmin
from candidates.admin.candidates import CandidateAdmin
from candidates.admin.positions import PositionAdmin
from candidates.admin.suppression import SuppressionAdmin

__all__ = ["ApplicationAdmin", "CandidateAdmin", "PositionAdmin", "SourcingAssessmentAdmin", "SuppressionAdmin"]
