"""All settings of the portal, each environment variable read once."""

import os
import secrets
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parents[2]
VAR = BASE_DIR / "var"
VAR.mkdir(exist_ok=True)

SECRET_KEY = os.environ.get("SECRET_KEY") or secrets.token_urlsafe(50)
DEBUG = False
ALLOWED_HOSTS = ["*"]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "django_filters",
    "django_tables2",
    "template_partials",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "axes",
    "csp",
    "brigade.kit",
    "brigade.audit",
    "brigade.reference",
    "brigade.files",
    "brigade.jobs",
    "brigade.ledgers",
    "brigade.org",
    "brigade.notices",
    "brigade.obligations",
    "brigade.indicators",
    "partybuilding.branches",
    "partybuilding.meetings",
    "services.requests",
    "brigade.workbench",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
ROOT_URLCONF = "brigade.config.urls"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": VAR / "db.sqlite3",
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;",
        },
        "TEST": {"NAME": str(VAR / f"test_{os.getpid()}.sqlite3")},
    }
}
AUTH_USER_MODEL = "org.Person"
LOGIN_URL = "workbench:login"
LANGUAGE_CODE = "zh-hans"
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True
USE_I18N = True
STATIC_URL = "/static/"
STATIC_ROOT = VAR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_ROOT = VAR / "files"
AUDIT_ANCHOR_DIR = VAR / "anchors"
OUTBOX_DIR = VAR / "outbox"
EMAIL_CHANNEL = "off"
SMS_CHANNEL = "off"
FIELD_KEYS = {"k1": "00" * 16}
FIELD_KEY_CURRENT = "k1"
BLIND_INDEX_KEY = "00" * 32
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
