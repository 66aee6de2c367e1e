"""All settings of the portal. Each environment variable is read once; a bad value stops the start with its name."""

import json
import os
from pathlib import Path
from urllib.parse import unquote, urlsplit

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parents[2]


# Reading the environment


def text(name, default="", choices=()):
    value = os.environ.get(name, "").strip() or default
    if choices and value not in choices:
        raise ImproperlyConfigured(f"{name}: one of {', '.join(choices)} is expected, not {value!r}")
    return value


def number(name, default, low, high):
    value = text(name, str(default))
    if not value.isascii() or not value.isdigit() or not low <= int(value) <= high:
        raise ImproperlyConfigured(f"{name}: a whole number from {low} to {high} is expected, not {value!r}")
    return int(value)


def switch(name, default):
    return text(name, default, ("0", "1")) == "1"


def names(name, default=""):
    return [part.strip() for part in text(name, default).split(",") if part.strip()]


def origins(name):
    found = names(name)
    for origin in found:
        if urlsplit(origin).scheme not in ("http", "https") or not urlsplit(origin).hostname:
            raise ImproperlyConfigured(f"{name}: addresses with http:// or https:// are expected, not {origin!r}")
    return found


def service(name, schemes):
    """The parts of an address like scheme://user:password@host:port/path, or None when the variable is not set."""
    value = text(name)
    if not value:
        return None
    try:
        parts = urlsplit(value)
        parts.port  # noqa: B018  (reading it checks it)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name}: {error}") from None
    if parts.scheme not in schemes or not parts.path.strip("/"):
        raise ImproperlyConfigured(f"{name}: {' or '.join(schemes)}://…/name is expected")
    return parts


def secret(name, kind=str):
    """A secret comes from the environment, else from the key file that the set-up makes once for an installation."""
    value = os.environ.get(name) or _kept_keys.get(name)
    if not value:
        raise ImproperlyConfigured(f"{name}: neither in the environment nor in {KEY_FILE}, which `make setup` makes")
    if kind is dict and isinstance(value, str):
        value = dict(part.strip().split(":", 1) for part in value.split(",") if ":" in part)
    return value


def hexadecimal(name, value, size):
    if len(value) != size or set(value) - set("0123456789abcdef"):
        raise ImproperlyConfigured(f"{name}: {size} hexadecimal digits in lower case are expected")
    return value


# Places: everything that the installation writes lies under one folder, readable by its owner only

os.umask(0o077)
VAR = Path(text("VAR_DIR", str(BASE_DIR / "var")))
KEY_FILE = VAR / "keys.json"
_kept_keys = json.loads(KEY_FILE.read_text()) if KEY_FILE.exists() else {}

MEDIA_ROOT = VAR / "files"
AUDIT_ANCHOR_DIR = Path(text("AUDIT_ANCHOR_DIR", str(VAR / "anchors")))
OUTBOX_DIR = VAR / "outbox"

# Secrets

SECRET_KEY = secret("SECRET_KEY")
FIELD_KEYS = {key: hexadecimal("FIELD_KEYS", value, 32) for key, value in secret("FIELD_KEYS", dict).items()}
FIELD_KEY_CURRENT = secret("FIELD_KEY_CURRENT")
BLIND_INDEX_KEY = hexadecimal("BLIND_INDEX_KEY", secret("BLIND_INDEX_KEY"), 64)
if FIELD_KEY_CURRENT not in FIELD_KEYS:
    raise ImproperlyConfigured("FIELD_KEY_CURRENT: it names none of FIELD_KEYS")

# The site

DEBUG = switch("DEBUG", "0")
HOST = text("HOST", "127.0.0.1")
PORT = number("PORT", 8000, 1, 65535)
WEB_THREADS = number("WEB_THREADS", 8, 1, 64)
ALLOWED_HOSTS = names("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = origins("CSRF_TRUSTED_ORIGINS")
PUBLIC_BASE_URL = (origins("PUBLIC_BASE_URL") or [""])[0]
HTTPS = switch("HTTPS", "0")
TRUSTED_PROXIES = names("TRUSTED_PROXIES")  # addresses of our own front servers; "unix" is a unix socket
ROOT_URLCONF = "brigade.config.urls"
WSGI_APPLICATION = "brigade.config.wsgi.application"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.forms",
    "django_htmx",
    "django_filters",
    "django_tables2",
    "template_partials",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "csp",
    "brigade.kit",
    "brigade.audit",
    "brigade.reference",
    "brigade.files",
    "brigade.search",
    "brigade.jobs",
    "brigade.ledgers",
    "brigade.org",
    "brigade.notices",
    "brigade.obligations",
    "brigade.indicators",
    "brigade.assignments",
    "brigade.reports",
    "partybuilding.branches",
    "partybuilding.meetings",
    "enforcement.hazards",
    "services.requests",
    "brigade.workbench",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "brigade.kit.web.RequestContextMiddleware",
    "brigade.audit.middleware.RefusalMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "brigade.org.middleware.IdleSessionMiddleware",
    "brigade.org.middleware.SignInRequiredMiddleware",
    "brigade.org.middleware.FirstPasswordMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "brigade.ledgers.middleware.SentDraftMiddleware",
]
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
                "brigade.workbench.menu.shell",
            ]
        },
    }
]
FORM_RENDERER = "brigade.kit.forms.FormRenderer"

BRIGADE_NAME = text("BRIGADE_NAME", "东昌府大队")
# The texts in the code are Chinese, so there is no catalogue to look for.
LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文")]
TIME_ZONE = "Asia/Shanghai"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

STATIC_URL = "/static/"
STATIC_ROOT = VAR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
_plain = "django.contrib.staticfiles.storage.StaticFilesStorage"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": _plain if DEBUG else "brigade.kit.storage.HashedFiles"},
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_MAX_BYTES = number("FILE_MAX_MEGABYTES", 20, 1, 200) * 1024 * 1024

# Database: one SQLite file, or PostgreSQL. Never ATOMIC_REQUESTS: with IMMEDIATE every page would take the write lock

_database = service("DATABASE_URL", ("postgres", "postgresql", "sqlite"))
if _database is None or _database.scheme == "sqlite":
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": unquote(_database.path) if _database else str(VAR / "db.sqlite3"),
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"
                "PRAGMA cache_size=-64000; PRAGMA mmap_size=268435456; PRAGMA journal_size_limit=67108864;",
            },
            # A file, one a process: the shared in-memory database locks threads out.
            "TEST": {"NAME": str(VAR / f"test_{os.getpid()}.sqlite3")},
        }
    }
else:
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(_database.path.strip("/")),
            "USER": unquote(_database.username or ""),
            "PASSWORD": unquote(_database.password or ""),
            "HOST": _database.hostname or "",
            "PORT": str(_database.port or ""),
            "CONN_MAX_AGE": 60,
            "CONN_HEALTH_CHECKS": True,
            # A statement of many parts, as the search asks, is compiled for a second and run for ten milliseconds.
            "OPTIONS": {"options": "-c jit=off"},
        }
    }

# Cache and broker: files under var/, or two databases of one Redis, so that flushing the cache loses no message

_redis = service("REDIS_URL", ("redis", "rediss"))
if _redis is None:
    CACHES = {"default": {"BACKEND": "brigade.kit.caching.ForgetfulFiles", "LOCATION": VAR / "cache"}}
    CELERY_BROKER_URL = "files://localhost"
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(VAR / "broker" / "queue"),
        "data_folder_out": str(VAR / "broker" / "queue"),
        "control_folder": str(VAR / "broker" / "control"),
        "polling_interval": 0.3,
    }
else:
    if not _redis.path.strip("/").isdigit():
        raise ImproperlyConfigured("REDIS_URL: it ends in the number of a database, like /0 (the cache takes the next)")
    _cache = _redis._replace(path=f"/{int(_redis.path.strip('/')) + 1}").geturl()
    _patience = {"socket_connect_timeout": 1, "socket_timeout": 2}
    CACHES = {"default": {"BACKEND": "brigade.kit.caching.ForgetfulCache", "LOCATION": _cache, "OPTIONS": _patience}}
    CELERY_BROKER_URL = _redis.geturl()
    # A wake-up that cannot be sent is given up at once: the row is there, and the sweep finds it.
    CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_connect_timeout": 1, "socket_timeout": 5, "max_retries": 0}

# What a process has drawn stays with it: a fragment read from a file takes as long as a query
CACHES["template_fragments"] = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}

# Jobs: the database is the truth, a message only wakes the worker; one tick asks the database what is due

CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_PUBLISH_RETRY = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TIMEZONE = TIME_ZONE
CELERY_BEAT_SCHEDULER = "celery.beat:Scheduler"  # what has run stands in the database; a file of its own could break
CELERY_BEAT_SCHEDULE = {
    "tick": {
        "task": "brigade.jobs.tasks.tick",
        "schedule": number("TICK_SECONDS", 30, 1, 600),
        "options": {"expires": 60},  # ticks that no worker heard are worth nothing later
    }
}
SCHEDULE = "brigade.config.schedule"

# Notices to the outside, and the demo world

EMAIL_CHANNEL = text("EMAIL_CHANNEL", "off", ("off", "file"))
SMS_CHANNEL = text("SMS_CHANNEL", "off", ("off", "file"))
DEMO_PASSWORD = secret("DEMO_PASSWORD")

# Sign-in and protection

AUTH_USER_MODEL = "org.Person"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
LOGIN_URL = "workbench:login"
LOGIN_REDIRECT_URL = "workbench:home"
SESSION_ENGINE = "django.contrib.sessions.backends.db"  # not the cache: nobody is signed out while Redis is away
SESSION_COOKIE_AGE = 12 * 3600  # from the sign-in on; use does not renew it
SESSION_IDLE_SECONDS = 30 * 60
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_HTTPONLY = True
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31536000 if HTTPS else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

# API

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["brigade.kit.parsers.Json"],
    "DEFAULT_SCHEMA_CLASS": "brigade.kit.api.Schema",
    "EXCEPTION_HANDLER": "brigade.kit.api.handle",
}
_ENUMS = {
    "brigade.assignments": "AssignmentState",
    "brigade.reports": "ReportState SeriesCode",
    "enforcement.hazards": "HazardState Grade",
    "services.requests": "RequestState MaterialStatus",
    "partybuilding.branches": "TransferState",
    "partybuilding.meetings": "MeetingState DecisionState WaiverState LeaveState SegmentKind AgendaKind Presence",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "交警在路上",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "ENUM_NAME_OVERRIDES": {name: f"{at}.states.{name}" for at, enums in _ENUMS.items() for name in enums.split()},
}

# Logs: times, places and request ids; no names, no numbers of persons, no form fields

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": text("LOG_LEVEL", "WARNING", ("DEBUG", "INFO", "WARNING", "ERROR"))},
    "loggers": {"django": {"handlers": [], "propagate": True}},
}
