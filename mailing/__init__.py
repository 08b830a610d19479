"""The outbox: a mail is a row written with the act that it tells of, and a worker delivers it."""
