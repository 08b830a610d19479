"""The parts of a developer's machine: PostgreSQL, and on request Redis and an S3 server, started around one command.

Standard library only, and no Django: this runs before there is a database to connect to. Production uses none of it.
"""
