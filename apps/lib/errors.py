"""What can go wrong at the edges of the product.

OutboundError            a call to the outside brought no answer that can be used
    TargetRefused        our policy said no: nothing was sent
    NotReached           name, connection or TLS failed: nothing was sent
    AnswerLost           sent, then time-out or reset: it may or may not have been carried out
    BadAnswer            sent and answered, but not in a form that we read
SecretError              something sealed cannot be opened
    SealBroken           altered, cut, or moved here from another row
    KeyUnknown           sealed with a key that is not in ENCRYPTION_KEYS
LoopEnded                the event loop is gone: what was asked of it may or may not have been done
XmlError                 a document that we do not read
    XmlRefused           size, depth, DOCTYPE, encoding, not well-formed ...
    SignatureRefused     not signed the one way that we accept
"""

from collections.abc import Mapping

from django.utils.functional import Promise


class OutboundError(Exception):
    """`detail` is a sentence for people: it never holds a resolved address or a byte of an answer's body."""

    sent = False

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class TargetRefused(OutboundError):
    """Permanent until the address, or the operator's OUTBOUND_ALLOW, changes."""


class NotReached(OutboundError):
    """Passing: the same request may be sent again without a doubt."""


class AnswerLost(OutboundError):
    """Ambiguous: read back before writing again."""

    sent = True


class BadAnswer(OutboundError):
    """`status` and `headers` are those of the answer, as far as they could be read (a 429 may still carry Retry-After)."""

    sent = True

    def __init__(
        self, detail: str, status: int | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.headers: Mapping[str, str] = {} if headers is None else headers


class SecretError(Exception):
    """The text names the context, never the secret."""


class SealBroken(SecretError):
    """Fails closed: a ciphertext that was swapped between rows ends here."""


class KeyUnknown(SecretError):
    """Passing when the operator puts the key back into ENCRYPTION_KEYS."""


class LoopEnded(Exception):
    """A defect of ours. Whoever asks next has a new loop."""

    def __init__(self) -> None:
        super().__init__("The event loop ended before this was done.")


class XmlError(Exception):
    """`detail` is a sentence for people and quotes nothing of the document."""

    def __init__(self, detail: str | Promise) -> None:
        super().__init__(detail)
        self.detail = detail


class XmlRefused(XmlError):
    """Raised before anything of the document is used."""


class SignatureRefused(XmlError):
    """Raised for a missing, doubtful or wrong signature alike."""
