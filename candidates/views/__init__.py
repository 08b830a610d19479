"""Views of candidates."""
