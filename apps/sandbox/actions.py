"""Every write of the sandbox but those of its SCIM engine. It has no event log of its own, so no actor is asked for."""

import secrets
from collections.abc import Sequence
from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.lib import crypto
from apps.lib.errors import SecretError
from apps.sandbox.client import fetch_metadata
from apps.sandbox.errors import AssertionRefused
from apps.sandbox.models import (
    Fault,
    SandboxAccount,
    SandboxAuthnRequest,
    SandboxServiceProvider,
    SandboxSignIn,
    SandboxTarget,
    ServiceProviderKind,
    TargetKind,
)
from apps.sandbox.saml import metadata, response
from apps.sandbox.saml.authn_request import AuthnRequest
from apps.sandbox.saml.kinds import DEMANDS

REQUEST_LIFE = timedelta(minutes=10)
SIGN_IN_MEMORY = timedelta(days=7)  # longer than any assertion is valid
TOKEN_PREFIX = "sandbox_scim"  # noqa: S105 - what such a token begins with
MOST_FAULTS = 100


# --- the service provider


def add_service_provider(
    *, slug: str, label: str, kind: str = ServiceProviderKind.GENERIC, clock_tolerance: int = 0
) -> SandboxServiceProvider:
    """The one of that slug when there is one already. `clock_tolerance` in seconds, at most 60."""
    there: SandboxServiceProvider | None = SandboxServiceProvider.objects.filter(slug=slug).first()
    if there is not None:
        return there
    new = SandboxServiceProvider(
        slug=slug, label=label, kind=ServiceProviderKind(kind), clock_tolerance=min(clock_tolerance, 60)
    )
    new.take_tenant()
    new.full_clean()
    new.save(force_insert=True)
    return new


def set_idp_metadata(service_provider: SandboxServiceProvider, *, url: str = "", xml: str = "") -> None:
    """From the pasted XML, else fetched from the URL. Raises MetadataRefused and then changes nothing."""
    document = xml or fetch_metadata(url)
    found = metadata.read(document, timezone.now())
    service_provider.idp_metadata_url = url
    service_provider.idp_metadata = document
    service_provider.idp_entity_id = found.entity_id
    service_provider.idp_redirect_url = found.redirect_url
    service_provider.idp_post_url = found.post_url
    service_provider.idp_slo_url = found.slo_url
    service_provider.idp_certificates = list(found.certificates)
    columns = ("metadata_url", "metadata", "entity_id", "redirect_url", "post_url", "slo_url", "certificates")
    service_provider.save(
        update_fields=[f"idp_{column}" for column in columns]
    )  # its keys may be newer than it


@transaction.atomic
def add_authn_request(service_provider: SandboxServiceProvider) -> AuthnRequest:
    """A request that one response may answer within ten minutes."""
    now = timezone.now()
    service_provider.requests.filter(created_at__lt=now - REQUEST_LIFE).delete()
    request_id = f"_{secrets.token_hex(20)}"
    SandboxAuthnRequest.objects.create(service_provider=service_provider, request_id=request_id)
    return AuthnRequest(request_id, service_provider.entity_id, service_provider.acs_url, now)


def add_sign_in(service_provider: SandboxServiceProvider, encoded: str) -> SandboxSignIn:
    """Raises AssertionRefused. A refused response uses up neither its request nor its assertion."""
    now = timezone.now()
    root = response.decode(encoded)
    if not service_provider.is_connected:
        raise AssertionRefused("trust", _("No identity provider has been set for this service provider."))
    expected = response.Expectation(
        entity_id=service_provider.entity_id,
        acs_url=service_provider.acs_url,
        idp_entity_id=service_provider.idp_entity_id,
        certificates=tuple(service_provider.idp_certificates),
        tolerance=timedelta(seconds=service_provider.clock_tolerance),
        demands=DEMANDS[service_provider.kind],
        private_key=lambda: _private_key(service_provider),
        only_encrypted=service_provider.only_encrypted,
    )
    accepted = response.check(root, expected, now)
    with transaction.atomic():
        _forget_old(service_provider)
        sign_in, is_new = SandboxSignIn.objects.get_or_create(
            service_provider=service_provider,
            assertion_id=accepted.assertion_id,
            defaults={
                "name_id": accepted.name_id,
                "name_id_format": accepted.name_id_format,
                "session_index": accepted.session_index,
                "attributes": accepted.attributes,
                "in_response_to": accepted.in_response_to,
                "signed_parts": accepted.signed_parts,
                "encrypted_with": accepted.encrypted_with,
                "response_xml": accepted.readable,
                "ends_at": accepted.ends_at,
            },
        )
        if not is_new:
            raise AssertionRefused("replay", _("This assertion has been used before."))
        _use_request(service_provider, accepted.in_response_to)
    return sign_in  # type: ignore[no-any-return]


def _private_key(service_provider: SandboxServiceProvider) -> str:
    try:
        return service_provider.private_key
    except SecretError:
        # After a restore without ENCRYPTION_KEYS.
        raise AssertionRefused("encryption", _("The sandbox cannot open its own key.")) from None


def _use_request(service_provider: SandboxServiceProvider, request_id: str) -> None:
    """Once: the conditional UPDATE decides between two browsers."""
    now = timezone.now()
    waiting = service_provider.requests.filter(
        request_id=request_id, used_at=None, created_at__gte=now - REQUEST_LIFE
    )
    if request_id and not waiting.update(used_at=now):
        raise AssertionRefused(
            "in_response_to", _("InResponseTo names no request of this service provider that still waits.")
        )


def _forget_old(service_provider: SandboxServiceProvider) -> None:
    service_provider.sign_ins.filter(created_at__lt=timezone.now() - SIGN_IN_MEMORY).delete()


def set_only_encrypted(service_provider: SandboxServiceProvider, *, only: bool) -> None:
    service_provider.only_encrypted = only
    service_provider.save(update_fields=["only_encrypted"])


def remove_sign_in(sign_in: SandboxSignIn) -> None:
    """Ends the session; the assertion stays remembered."""
    sign_in.signed_out_at = timezone.now()
    sign_in.save(update_fields=["signed_out_at"])


# --- the SCIM targets


def add_target(
    *,
    slug: str,
    label: str,
    kind: str = TargetKind.GENERIC,
    group_links: Sequence[str] = (),
    email_domains: Sequence[str] = (),
) -> tuple[SandboxTarget, str | None]:
    """With its token. None instead of the token when the target was there: only its digest is kept (`renew_token`).

    `group_links` are the SAML group links that a GitLab of one's own has; `email_domains` the only ones GitLab accepts.
    """
    there: SandboxTarget | None = SandboxTarget.objects.filter(slug=slug).first()
    if there is not None:
        return there, None
    token = crypto.new_token(TOKEN_PREFIX)
    new = SandboxTarget(
        slug=slug,
        label=label,
        kind=TargetKind(kind),
        token_digest=token.digest,
        group_links=list(group_links),
        email_domains=list(email_domains),
    )
    new.take_tenant()
    new.full_clean()
    new.save(force_insert=True)
    return new, token.token


def renew_token(target: SandboxTarget) -> str:
    """The old one stops working at once."""
    token = crypto.new_token(TOKEN_PREFIX)
    target.token_digest = token.digest
    target.save(update_fields=["token_digest"])
    return token.token


def update_target(target: SandboxTarget, *, group_links: Sequence[str], email_domains: Sequence[str]) -> None:
    target.group_links = list(group_links)
    target.email_domains = list(email_domains)
    target.save(update_fields=["group_links", "email_domains"])


def set_fault(target: SandboxTarget, fault: str, count: int = 1) -> None:
    """The next `count` requests with the right token meet it; none when `fault` is empty."""
    target.fault = Fault(fault)
    target.fault_count = min(max(count, 0), MOST_FAULTS) if fault else 0
    target.save(update_fields=["fault", "fault_count"])


def add_account(
    target: SandboxTarget, *, user_name: str, email: str, full_name: str = "", owner: bool = False
) -> SandboxAccount:
    """Somebody who had an account there before SCIM came. The one of that user name when there is one already."""
    there: SandboxAccount | None = target.accounts.filter(user_name_key=user_name.casefold()).first()
    if there is not None:
        return there
    new = SandboxAccount(target=target, user_name=user_name, email=email, owner=owner, linked=False)
    new.resource_id = str(new.pk)
    new.document = {
        "userName": user_name,
        "active": True,
        "emails": [{"value": email, "type": "work", "primary": True}],
        **({"displayName": full_name} if full_name else {}),
    }
    new.save()
    return new
