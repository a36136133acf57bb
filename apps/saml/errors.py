"""
SsoError                  what the administrator asked for cannot be; `fields` says where and why, in words for people
├── SsoInvalid            a value of the SSO tab is missing, misspelt or unsafe
├── SsoUnavailable        the application has no single sign-on: it is a bookmark
├── MetadataRefused       a service provider's metadata that we do not take over
│   └── SeveralServiceProviders   the file describes several, and none was named; `choices` has them
├── MetadataChangeGone    what waited for an administrator is not what they looked at
├── KeyPairRefused        a certificate or private key from outside that we do not sign with
└── CertificateRefused    the certificate is not in a state in which this can be done to it

RequestRefused            what an application sent is not answered; `sentence` stands on the page
├── RequestUnreadable     not a message of the binding, too large, not well-formed, hostile
├── RequestMismatch       readable, but from, for or to somebody else than the administrator registered
├── RequestStale          older or newer than five minutes, or answered before
└── RequestUnsigned       the signature is missing where it is required, or does not verify
"""

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from apps.directory.errors import DirectoryError, FieldsInvalid
from apps.saml.metadata_choices import Choice


class SsoError(DirectoryError):
    pass


class SsoInvalid(SsoError, FieldsInvalid):
    pass


class SsoUnavailable(SsoError):
    pass


class MetadataRefused(SsoError):
    def __init__(self, sentence: str, *, field: str = "metadata") -> None:
        super().__init__({field: [sentence]})


class KeyPairRefused(SsoError):
    def __init__(self, field: str, sentence: str) -> None:
        super().__init__({field: [sentence]})


class SeveralServiceProviders(MetadataRefused):
    """`choices` are metadata_choices.Choice."""

    def __init__(self, choices: list[Choice]) -> None:
        names = ", ".join(choice.entity_id[:200] for choice in choices)
        sentence = _("The file describes several service providers. Choose one by its entity ID: %(names)s.")
        super().__init__(sentence % {"names": names}, field="entity_id")
        self.choices = choices


class MetadataChangeGone(SsoError):
    def __init__(self) -> None:
        sentence = _("What waits is not what was shown: it has changed meanwhile. Look at it again.")
        super().__init__({"digest": [sentence]})


class CertificateRefused(SsoError):
    def __init__(self, sentence: str) -> None:
        super().__init__({"certificate": [sentence]})


class RequestRefused(Exception):
    """Permanent for this message: the person starts again at the application."""

    code = "refused"

    def __init__(self, sentence: str | Promise) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class RequestUnreadable(RequestRefused):
    code = "unreadable"


class RequestMismatch(RequestRefused):
    code = "mismatch"


class RequestStale(RequestRefused):
    code = "stale"


class RequestUnsigned(RequestRefused):
    code = "unsigned"
