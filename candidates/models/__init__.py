"""Models of recruitment."""

from candidates.models.applications import Application, ApplicationDraft, Document, StageChange
from candidates.models.candidates import Candidate, Consent, NoticeShown, ProfileLink
from candidates.models.positions import Position
from candidates.models.records import Interaction, Note

__all__ = [
    "Application",
    "ApplicationDraft",
    "Candidate",
    "Consent",
    "Document",
    "Interaction",
    "Note",
    "NoticeShown",
    "Position",
    "ProfileLink",
    "StageChange",
]
