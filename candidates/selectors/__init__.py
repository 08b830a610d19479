"""Named reads of recruitment."""
