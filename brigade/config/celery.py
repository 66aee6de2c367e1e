"""The Celery application: it finds the task shells of every slice."""

import os

from celery import Celery

from brigade.config import broker as broker  # makes files:// known

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "brigade.config.settings")

app = Celery("brigade")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
