"""Template filters of common."""
