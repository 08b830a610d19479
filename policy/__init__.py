"""The published policy as code: its periods with their section numbers, and the rules over them as pure functions.

Nothing here reads the clock, the database or a setting. Every other part of the portal asks this package.
"""
