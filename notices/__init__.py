"""Published texts: the privacy notice and the consent texts, versioned, in both languages together, with a hash of
each.
"""
