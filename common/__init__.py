"""What every app may use: the clock, actors, abstract models, text and network helpers. Imports no other app."""
