"""Metadata that is refreshed from an address ends when it says so (metadata 2.3.1): nothing is issued on its word after that."""

import datetime as dt

from django.utils import timezone
from django.utils.functional import lazy
from django.utils.translation import gettext_lazy as _

from apps.lib.language import day, said
from apps.saml.gate import Refusal
from apps.saml.models import SsoSettings


def metadata_ended(settings: SsoSettings, now: dt.datetime) -> Refusal | None:
    end = settings.metadata_expires_at
    if end is None or now < end:
        return None
    sentence = _("The application's metadata expired on %(date)s; ask an administrator to refresh it.")
    return Refusal("metadata_expired", said(sentence, {"date": lazy(_moment, str)(end)}))


def _moment(end: dt.datetime) -> str:
    return day(timezone.localtime(end), "j M Y, H:i T")
