"""Template filters of candidates."""
