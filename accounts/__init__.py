"""Users of the admin, and the mailed single-use links by which people without an account come in."""
