"""What was said and answered, as it may be kept for people to read: bounded, and without the secrets that were used."""

from collections.abc import Collection

from apps.lib.xml import as_xml_text

MASKED = "[hidden]"
LONGEST_ANSWER = 1000  # characters of an answer that are kept


def scrubbed(text: str, secrets: Collection[str]) -> str:
    for secret in secrets:
        text = text.replace(secret, MASKED)
    return text


def kept(text: str, secrets: Collection[str]) -> str:
    """The beginning of an answer, whose characters a database takes; a secret that is cut at the end is hidden as well."""
    return as_xml_text(scrubbed(text[: 4 * LONGEST_ANSWER], secrets)[:LONGEST_ANSWER])
