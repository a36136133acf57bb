"""URLs of endpoints as people read them: path and query of such a URL often are secrets themselves, a chat's for example."""

from urllib.parse import urlsplit

MASK = "…"


def origin_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def without_path(url: str) -> str:
    """For whoever may not change it. The same for a path and for none: its length says nothing."""
    return f"{origin_of(url)}/{MASK}"


def without_query(url: str) -> str:
    """For whoever may; what is kept of a request has no more either."""
    bare, asked, _query = url.partition("?")
    return f"{bare}?{MASK}" if asked else bare
