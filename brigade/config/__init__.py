"""The project: settings, addresses, timed jobs and processes."""

from brigade.config.celery import app as celery_app

__all__ = ["celery_app"]
