"""The settings of the tests, and Django's admin to be compared with."""

from tests.settings import *  # noqa: F403
from tests.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "django.contrib.admin"]
ROOT_URLCONF = "tests.bench.urls"
CELERY_BROKER_URL = "memory://"
ALLOWED_HOSTS = ["testserver"]
