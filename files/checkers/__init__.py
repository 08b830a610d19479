"""One module for each kind of file that ``files.checker`` opens, and what they share. No Django in here."""
