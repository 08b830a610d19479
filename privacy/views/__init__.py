"""Views of privacy."""
