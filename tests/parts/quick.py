"""The portal's Celery app with every entry of the schedule cut to a second: ``celery -A tests.parts.quick beat``."""

from clouder.celery import app

for entry in app.conf.beat_schedule.values():
    entry["schedule"] = 1.0
