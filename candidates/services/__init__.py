"""Every write of recruitment. The instant is passed in as ``at``; each act writes its audit event and its mail
itself.
"""
