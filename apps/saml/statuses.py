"""What an application is told instead of an assertion (SAML core 3.2.2.2)."""

from dataclasses import dataclass

STATUS = "urn:oasis:names:tc:SAML:2.0:status:"


@dataclass(frozen=True, slots=True)
class Status:
    """`outer` says whose matter it is, `inner` what it is; `message` is for the other side's operator and names nobody."""

    outer: str
    inner: str
    message: str

    @property
    def codes(self) -> tuple[str, str]:
        return STATUS + self.outer, STATUS + self.inner


# By the code of the refusal that the event log has.
STATUSES = {
    "no_passive": Status("Responder", "NoPassive", "Nobody is signed in at the identity provider."),
    "unsupported_binding": Status("Responder", "UnsupportedBinding", "Answers are given by HTTP-POST only."),
    "invalid_name_id_policy": Status(
        "Requester",
        "InvalidNameIDPolicy",
        "An encrypted NameID, or one of another service provider's namespace, is not given.",
    ),
    "no_authn_context": Status(
        "Responder",
        "NoAuthnContext",
        "People sign in with a password over TLS; nothing else can be promised.",
    ),
    "request_unsupported": Status(
        "Responder",
        "RequestUnsupported",
        "Only bearer assertions are given, for a subject named by a NameID.",
    ),
    "unknown_principal": Status(
        "Responder", "UnknownPrincipal", "The person who is signed in is not the subject that was asked for."
    ),
    "request_denied": Status("Responder", "RequestDenied", "The identity provider gives no assertion."),
}

# Refusals of a person that their application may be told of. Why stays here: it is between the person and the organisation.
TOLD = {
    "suspended": "request_denied",
    "password_expired": "request_denied",
    "not_assigned": "request_denied",
    "unwritable": "request_denied",
    "unknown_principal": "unknown_principal",
}
