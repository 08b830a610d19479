"""Recruitment: positions, candidates and their applications, documents, interactions, notes and consents."""
