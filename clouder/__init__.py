"""Composition root: settings, urls, the admin site, celery and the deploy checks. Imported by no app."""
