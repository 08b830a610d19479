"""Filters of the privacy officer's pages."""
