"""What single logout writes. Like actions.py, without an event log."""

from django.utils import timezone
from django.utils.translation import gettext as _

from apps.lib import crypto
from apps.sandbox.errors import AssertionRefused
from apps.sandbox.models import SandboxServiceProvider, SandboxSignIn
from apps.sandbox.saml.logout import STATUS, Message, Sender

CERTIFICATE_DAYS = 5 * 365


def with_keys(service_provider: SandboxServiceProvider) -> SandboxServiceProvider:
    """Made when they are first needed; of two that come at the same moment one wins."""
    if not service_provider.certificate:
        pair = crypto.new_key_pair(f"Sandbox: {service_provider.slug}", CERTIFICATE_DAYS)
        service_provider.private_key = pair.private_key
        SandboxServiceProvider.objects.filter(pk=service_provider.pk, certificate="").update(
            certificate=pair.certificate, private_key_sealed=service_provider.private_key_sealed
        )
        service_provider.refresh_from_db(fields=["certificate", "private_key_sealed"])
    return service_provider


def sender_of(service_provider: SandboxServiceProvider) -> Sender:
    there = with_keys(service_provider)
    return Sender(there.entity_id, there.private_key, there.idp_slo_url)


def sign_out_everywhere(sign_in: SandboxSignIn) -> str:
    """Ends the session here; returns where the browser goes so that it ends everywhere."""
    now = timezone.now()
    sender = sender_of(sign_in.service_provider)
    address, request_id = sender.request(sign_in.name_id, sign_in.name_id_format, sign_in.session_index, now)
    sign_in.signed_out_at, sign_in.logout_request_id = now, request_id
    sign_in.save(update_fields=["signed_out_at", "logout_request_id"])
    return address


def sign_out_as_asked(service_provider: SandboxServiceProvider, asked: Message) -> str:
    """Ends every session of that name and index; returns where the browser takes the answer."""
    now = timezone.now()
    sign_ins = service_provider.sign_ins.filter(name_id=asked.name_id, signed_out_at=None)
    if asked.session_index:
        sign_ins = sign_ins.filter(session_index=asked.session_index)
    statuses = ("Success",) if sign_ins.update(signed_out_at=now) else ("Requester", "UnknownPrincipal")
    return sender_of(service_provider).response(asked.message_id, asked.relay_state, now, *statuses)


def take_answer(service_provider: SandboxServiceProvider, answer: Message) -> bool:
    """Whether everybody was signed out. Raises AssertionRefused when it answers no request of ours; an answer counts once."""
    waiting = service_provider.sign_ins.filter(logout_request_id=answer.in_response_to)
    if not answer.in_response_to or not waiting.update(logout_request_id=""):
        raise AssertionRefused(
            "in_response_to",
            _("InResponseTo names no logout request of this service provider that still waits."),
        )
    return answer.statuses == (f"{STATUS}Success",)


def set_ignores_logout(service_provider: SandboxServiceProvider, *, ignores: bool) -> None:
    service_provider.ignores_logout = ignores
    service_provider.save(update_fields=["ignores_logout"])
