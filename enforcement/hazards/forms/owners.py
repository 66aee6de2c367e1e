"""What is written down about a responsible organisation, and the question before its number is shown."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from brigade.kit.forms import Form
from brigade.org.models import Grant, Person, Unit
from brigade.org.states import Role, Tree
from enforcement.hazards.forms.fields import Choice, Text, one_of
from enforcement.hazards.models import Owner
from enforcement.hazards.states import OwnerType


class RevealForm(Form):
    reason = Text(label=_("事由"), max_length=200, multiline=True, rows=2, needed=_("写明查看事由"))


class OwnerForm(Form):
    """A known phone number is never shown again; left empty it stays as it is."""

    unit = one_of(_("单位"), empty_label=_("选外部单位"), help_text=_("没有的，先由系统管理员在“单位”里设为外部单位"))
    owner_type = Choice(label=_("类型"), choices=OwnerType.choices)
    liaison_name = Text(label=_("联络员"), max_length=40, required=False)
    phone = Text(label=_("联络电话"), max_length=20, required=False)
    liaison = one_of(
        _("联络员账号"),
        required=False,
        empty_label=_("没有账号，走纸质"),
        help_text=_("能登录系统的才选，选了就发消息给他"),
    )

    def __init__(self, *args: Any, user: Person, owner: Owner | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = Owner.objects.values("unit")
        outside = Unit.objects.filter(tree=Tree.OUTSIDE, pk__in=user.units_for("hazards.change_owner"))
        self.fields["unit"].queryset = outside.exclude(pk__in=known).order_by("name")
        held = Grant.objects.filter(role=Role.OWNER_LIAISON)
        if owner is not None:
            del self.fields["unit"]
            held = held.filter(unit=owner.unit_id)
            self.initial = {
                "owner_type": owner.owner_type,
                "liaison_name": owner.liaison_name,
                "liaison": owner.liaison_id,
            }
            if owner.phone_tail:
                self.fields["phone"].help_text = _("已登记尾号%s，留空则不改") % owner.phone_tail
        people = Person.objects.filter(is_active=True, pk__in=held.values("person"))
        self.fields["liaison"].queryset = people.order_by("police_no")

    def arguments(self) -> dict[str, Any]:
        """What `actions.set_owner` is called with, but for the unit of an owner that is known."""
        data = dict(self.cleaned_data)
        data["phone"] = data["phone"] or None
        return data
