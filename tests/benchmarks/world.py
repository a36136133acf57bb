"""A tenant with some applications and one person who is signed in, and their browser: the WSGI application without a server."""

import base64
from dataclasses import dataclass, field
from io import BytesIO
from itertools import count
from urllib.parse import quote, urlsplit

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.test import Client
from django.urls import clear_script_prefix

from apps.applications.actions import add_application, assign_group
from apps.directory.actions import add_group, add_member, add_user
from apps.events.actors import Actor
from apps.saml.actions.settings import sso_of, update_sso
from apps.tenants.actions import create_tenant
from apps.tenants.context import in_tenant
from tests.saml.conftest import ACS, SP
from tests.saml.service_provider import authn_request, deflated

SYSTEM = Actor.system()
AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
_ids = count()


@dataclass
class World:
    tenant: object
    application: object
    user: object
    cookie: str
    wsgi: object = field(default_factory=get_wsgi_application)
    queries: list = field(default_factory=list)
    requests: int = 0

    def get(self, address):
        """Status, headers and body, after the one redirect within the site that a stored request takes."""
        path, _mark, query = address.partition("?")
        answer = {}
        environ = {
            "REQUEST_METHOD": "GET",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "8000",
            "HTTP_HOST": "127.0.0.1:8000",
            "HTTP_USER_AGENT": AGENT,
            "HTTP_ACCEPT_LANGUAGE": "en",
            "HTTP_COOKIE": self.cookie,
            "REMOTE_ADDR": "127.0.0.1",
            "wsgi.url_scheme": "http",
            "wsgi.input": BytesIO(),
        }

        def start_response(status, headers):
            answer.update(status=int(status.split()[0]), headers=dict(headers))

        body = self.wsgi(environ, start_response)
        text = b"".join(body)
        body.close()
        self.requests += 1
        if answer["status"] == 303:
            location = urlsplit(answer["headers"]["Location"])
            return self.get(f"{location.path}?{location.query}")
        if answer["status"] != 200:
            raise RuntimeError(f"{address[:60]}: {answer['status']} {text[:500]}")
        return text

    def path(self, rest):
        return f"/t/{self.tenant.slug}/{rest}"

    # --- what is measured

    def page(self, times):
        for _ in range(times):
            if self.get(self.path("whoami")) != b"bob":
                raise RuntimeError("Nobody is signed in.")

    def launch(self, times):
        for _ in range(times):
            self.get(self.path(f"launch/{self.application.slug}"))

    def ask(self, times):
        """Fresh AuthnRequests for the next `sign_on`: those are made by the service provider, not by us."""
        destination = f"{settings.PUBLIC_URL}{self.path(f'saml2/{self.application.slug}')}"
        for _ in range(times):
            request = authn_request(request_id=f"_bench{next(_ids)}", destination=destination)
            message = quote(base64.b64encode(deflated(request)).decode(), safe="")
            self.queries.append(
                f"SAMLRequest={message}&RelayState={quote('https://sp.example/from?here', safe='')}"
            )

    def sign_on(self, times):
        """The whole SSO request: a Redirect with an AuthnRequest in, a page with a signed response out."""
        for _ in range(times):
            page = self.get(self.path(f"saml2/{self.application.slug}?{self.queries.pop()}"))
            if b"SAMLResponse" not in page:
                raise RuntimeError(page.decode())


def new_world(slug, applications):
    """`applications` of them, each with its own settings and key pair row; the person may use the first."""
    tenant = create_tenant(slug=slug, name="Acme Robotics")
    with in_tenant(tenant):
        user = add_user(
            actor=SYSTEM, username="bob", email="bob@acme.example", first_name="Bob", last_name="Example"
        )
        group = add_group(actor=SYSTEM, name="Engineering")
        add_member(group, user, actor=SYSTEM)
        made = []
        for number in range(applications):
            made.append(
                add_application(actor=SYSTEM, connector="custom_saml", display_label=f"Wiki {number}")
            )
            update_sso(sso_of(made[-1]), actor=SYSTEM, sp_entity_id=SP, acs_urls=[ACS])
            assign_group(made[-1], group, actor=SYSTEM)
        client = Client()
        client.force_login(user, backend="apps.accounts.backends.TenantBackend")
    clear_script_prefix()
    cookie = "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())
    return World(tenant, made[0], user, cookie)
