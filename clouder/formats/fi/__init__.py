"""Finnish with numbers in dates."""
