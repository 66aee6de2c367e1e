"""The settings of the tests with static files as they are served, and with Django's admin to be compared with."""

from tests.settings import *  # noqa: F403
from tests.settings import INSTALLED_APPS
from tests.settings import STORAGES as TEST_STORAGES

INSTALLED_APPS = [*INSTALLED_APPS, "django.contrib.admin"]
STORAGES = {**TEST_STORAGES, "staticfiles": {"BACKEND": "brigade.kit.storage.HashedFiles"}}
ROOT_URLCONF = "tests.bench.urls"
CELERY_BROKER_URL = "memory://"
ALLOWED_HOSTS = ["testserver"]
