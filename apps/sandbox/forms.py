from typing import Any

from django import forms
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from apps.lib.names import validate_text
from apps.sandbox.actions import MOST_FAULTS
from apps.sandbox.models import Fault, SandboxServiceProvider, SandboxTarget, ServiceProviderKind, TargetKind

LARGEST_METADATA = 1024 * 1024
Cleaned = dict[str, Any]


class IdentityProviderForm(forms.Form):
    """One of the two. The XML wins, because a person who pastes it has just looked at it."""

    url = forms.URLField(
        label=_("Metadata URL"),
        required=False,
        max_length=2000,
        assume_scheme="https",
        help_text=_("The identity provider's metadata is fetched once, now."),
    )
    xml = forms.CharField(
        label=_("or its metadata as XML"),
        required=False,
        max_length=LARGEST_METADATA,
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false"}),
    )

    def clean(self) -> Cleaned:
        cleaned: Cleaned = super().clean() or {}
        if not self.errors and not cleaned.get("url") and not cleaned.get("xml"):
            raise forms.ValidationError(_("Give the address of the metadata, or paste it."))
        return cleaned


class NewForm(forms.Form):
    """Something to try against. The slug stands in its addresses, and is made from the name."""

    label = forms.CharField(label=_("Name"), max_length=100, validators=[validate_text])
    kind: forms.ChoiceField
    model: type[SandboxServiceProvider] | type[SandboxTarget]

    def clean(self) -> Cleaned:
        cleaned: Cleaned = super().clean() or {}
        slug = slugify(cleaned.get("label", "").replace("_", "-"))[:50].strip("-")
        if "label" in cleaned and not slug:
            self.add_error("label", _("Use some letters or digits."))
        elif slug and self.model.objects.filter(slug=slug).exists():
            self.add_error("label", _("There is one of this name already."))
        return cleaned | {"slug": slug}


class NewServiceProviderForm(NewForm):
    kind = forms.ChoiceField(label=_("Behaves like"), choices=ServiceProviderKind)
    model = SandboxServiceProvider


class NewTargetForm(NewForm):
    kind = forms.ChoiceField(label=_("Behaves like"), choices=TargetKind)
    model = SandboxTarget


class FaultForm(forms.Form):
    fault = forms.ChoiceField(label=_("The next requests meet"), choices=Fault, required=False)
    count = forms.IntegerField(
        label=_("How many requests"), min_value=1, max_value=MOST_FAULTS, initial=1, required=False
    )


class LinesField(forms.CharField):
    """One value a line; empty lines and repetitions fall away."""

    widget = forms.Textarea(attrs={"rows": 3, "spellcheck": "false"})

    def clean(self, value: Any) -> list[str]:
        # Not splitlines(), which would also take a control character for the end of a line.
        lines = [line.strip() for line in str(super().clean(value)).replace("\r\n", "\n").split("\n")]
        for line in lines:
            validate_text(line)
        return list(dict.fromkeys(line for line in lines if line))

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value


class TargetForm(forms.Form):
    """What an administrator would have set on the other side."""

    group_links = LinesField(
        label=_("SAML group links"),
        required=False,
        max_length=4000,
        help_text=_("One name a line. GitLab self-managed attaches groups to these and to no others."),
    )
    email_domains = LinesField(
        label=_("Allowed e-mail domains"),
        required=False,
        max_length=4000,
        help_text=_("One a line; empty allows all. GitLab refuses other addresses with 412."),
    )
