"""Content security policies of pages that lead to other sites."""

from urllib.parse import urlsplit


def form_policy(acs_url: str) -> str:
    """The content security policy of the page that posts to another site.

    form-action is not just the ACS's origin: Chromium applies it to every redirect after the POST as well, and service
    providers redirect to origins that nobody here knows (api.pulumi.com to app.pulumi.com, a broker to the application
    behind it), so the person would end on an empty page. Any https origin, then: never a script address, never plain http.
    What keeps the form's target right is that it is a registered address, escaped, on a page that runs one script of ours.
    A loopback ACS, which the operator allowed, may redirect within plain http: a developer's back end and front end.
    """
    targets = "https:" if urlsplit(acs_url).scheme == "https" else "https: http:"
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        f"form-action {targets}; base-uri 'none'; frame-ancestors 'none'"
    )
