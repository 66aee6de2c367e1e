"""People, who are the accounts, and what their sign-in keeps."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import OuterRef, Q, Subquery
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from brigade.kit.addresses import record_address
from brigade.kit.searching import Name
from brigade.org.models.posts import Grant, Posting
from brigade.org.models.units import Unit
from brigade.org.models.versions import Versioned
from brigade.org.states import PERMISSIONS, PersonKind


class PersonQuerySet(models.QuerySet):
    def working_in(self, units: Iterable[int], day: date) -> PersonQuerySet:
        posted = Posting.objects.on(day).filter(unit__in=units)
        return self.filter(pk__in=posted.values("person"))

    def visible_to(self, user: Person) -> PersonQuerySet:
        """Oneself, and whoever worked or held a role in a unit that the user reaches."""
        units = user.units_for("org.view_person")
        worked = Posting.objects.filter(unit__in=units).values("person")
        held = Grant.objects.filter(unit__in=units).values("person")
        return self.filter(Q(pk=user.pk) | Q(pk__in=worked) | Q(pk__in=held))

    def found_by(self, text: str) -> PersonQuerySet:
        """By number, name, full pinyin or initials; several words narrow the search."""
        found = self
        for word in text.casefold().split():
            found = found.filter(search_text__contains=word)
        return found

    def with_unit_names(self, day: date) -> PersonQuerySet:
        """Annotated with `unit_name` and `post_title`, so that a list asks for no unit a row."""
        posting = Posting.objects.on(day).filter(person=OuterRef("pk")).order_by("-is_secondment", "-starts_on", "-pk")
        return self.annotate(
            unit_name=Subquery(posting.values("unit__short_name")[:1]), post_title=Subquery(posting.values("title")[:1])
        )


class PersonManager(BaseUserManager.from_queryset(PersonQuerySet)):
    def get_by_natural_key(self, username: str | None) -> Person:
        return self.get(police_no__iexact=username or "")


class Person(AbstractBaseUser, Versioned):
    """Everyone the portal knows, with or without an account; found by police number (警号)."""

    USERNAME_FIELD = "police_no"
    SENSITIVE = frozenset({"phone"})
    CHANGED_BY = frozenset({"person.changed"})
    is_system = False
    last_login = None  # `signed_in_at` is written by the sign-in itself, together with the address

    police_no = models.CharField(_("警号"), max_length=16, unique=True)
    name = models.CharField(_("姓名"), max_length=40)
    kind = models.CharField(_("身份"), max_length=12, choices=PersonKind.choices, default=PersonKind.OFFICER)
    search_text = models.CharField(max_length=400, blank=True, editable=False)
    phone_sealed = models.TextField(blank=True, editable=False)
    phone_index = models.CharField(max_length=32, blank=True, db_index=True, editable=False)
    phone_tail = models.CharField(_("手机号"), max_length=4, blank=True, editable=False)
    is_active = models.BooleanField(_("账号启用"), default=True)
    must_change_password = models.BooleanField(default=True)
    password_changed_at = models.DateTimeField(null=True)
    signed_in_at = models.DateTimeField(_("上次登录时间"), null=True)
    signed_in_from = models.CharField(_("上次登录地址"), max_length=45, blank=True)
    is_synthetic = models.BooleanField(_("演示人员"), default=False)

    objects = PersonManager()

    class Meta:
        verbose_name = _("人员")

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return record_address("workbench:person_detail", self.pk)

    @property
    def number(self) -> str:
        return self.police_no

    @property
    def title(self) -> str:
        return self.name

    def search_words(self) -> Iterable[str]:
        return (self.police_no, Name(self.name), self.phone_tail)

    @cached_property
    def unit(self) -> Unit | None:
        """Where the person works today, while he is seconded where he was sent; else where he works next, or worked
        last. A post that was taken back counts when there is no other: who was enrolled by mistake still has an
        account to be stopped.
        """
        today = timezone.localdate()
        postings = list(self.postings.select_related("unit"))
        postings.sort(
            key=lambda post: (
                post.starts_on != post.ends_on,
                post.is_valid(today),
                post.is_secondment and post.is_valid(today),
                post.starts_on,
            )
        )
        return postings[-1].unit if postings else None

    @property
    def unit_id(self) -> int | None:
        return self.unit.pk if self.unit else None

    @cached_property
    def _grants(self) -> list[tuple[str, int, str, str]]:
        """(role, unit id, path, tree) of every grant valid today; read once a request: a change counts at the next."""
        if not self.is_active:
            return []
        today = timezone.localdate()
        return list(self.grants.on(today).values_list("role", "unit_id", "unit__path", "unit__tree"))

    @property
    def posts(self) -> frozenset[tuple[int, str]]:
        """(unit id, role) pairs the person answers for today."""
        return frozenset((unit_id, role) for role, unit_id, _path, _tree in self._grants)

    @property
    def roles(self) -> frozenset[str]:
        return frozenset(role for role, _unit_id, _path, _tree in self._grants)

    def has_perm(self, perm: str, obj: object | None = None) -> bool:
        """Whether one of the person's grants gives `perm`, and covers the unit of `obj` where one is named."""
        paths = self._paths_of(perm)
        if obj is None or not paths:
            return bool(paths)
        unit = obj if isinstance(obj, Unit) else obj.unit
        return unit is not None and any(unit.path.startswith(path) for path in paths)

    def has_module_perms(self, app_label: str) -> bool:
        return False

    def units_for(self, perm: str) -> frozenset[int]:
        """Ids of the units whose records the person reaches with `perm`."""
        cache: dict[str, frozenset[int]] = self.__dict__.setdefault("_units_for", {})
        if perm not in cache:
            cache[perm] = frozenset(pk for pk, *_rest in self._below(self._paths_of(perm)))
        return cache[perm]

    def reaches(self, perm: str, tree: str) -> bool:
        """Whether `perm` covers a unit of a tree; a recorder whose grant covers no branch has nothing to record."""
        paths, today = self._paths_of(perm), timezone.localdate()
        return tree in paths.values() or any(
            unit_tree == tree and opened_on <= today and (closed_on is None or closed_on > today)
            for _pk, unit_tree, opened_on, closed_on in self._below(paths)
        )

    def _below(self, paths: Collection[str]) -> list[tuple[int, str, date, date | None]]:
        """Id, tree and days of the units below the paths; most permissions of a person cover the same ones."""
        cache: dict[frozenset[str], list] = self.__dict__.setdefault("_units_below", {})
        if (key := frozenset(paths)) not in cache:
            below = Unit.objects.below_any(paths).values_list("pk", "tree", "opened_on", "closed_on")
            cache[key] = list(below) if paths else []
        return cache[key]

    def _paths_of(self, perm: str) -> dict[str, str]:
        """Path of each unit on which a grant gives `perm`, and the tree that the unit is in."""
        return {path: tree for role, _unit_id, path, tree in self._grants if role in PERMISSIONS.get(perm, ())}


class PasswordHistory(models.Model):
    """Hashes of the passwords that a person had, so that the last five do not come back."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="password_history")
    password = models.CharField(max_length=128)
    changed_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["person", "-changed_at"])]


class SignInTry(models.Model):
    """Failed sign-ins of one account or one address; the typed number stands here only as a keyed digest.

    Kept by us and not by axes, which holds accounts and addresses to one and the same limit.
    """

    key = models.CharField(max_length=64, unique=True)
    failures = models.PositiveSmallIntegerField(default=0)
    counted_from = models.DateTimeField(db_index=True)
    locked_until = models.DateTimeField(null=True)
