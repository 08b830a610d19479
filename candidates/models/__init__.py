"""Models of recruitment."""

from candidates.models.applications import Application, ApplicationDraft, Document, StageChange
from candidates.models.candidates import Candidate, Consent, NoticeShown, ProfileLink, Restriction
from candidates.models.holds import HeldItem, Hold, SourcingAssessment, Suppression
from candidates.models.positions import Position
from candidates.models.records import Interaction, Interview, Note, StaffTask

__all__ = [
    "Application",
    "ApplicationDraft",
    "Candidate",
    "Consent",
    "Document",
    "HeldItem",
    "Hold",
    "Interaction",
    "Interview",
    "Note",
    "NoticeShown",
    "Position",
    "ProfileLink",
    "Restriction",
    "SourcingAssessment",
    "StaffTask",
    "StageChange",
    "Suppression",
]
