"""Every way in, at each service provider."""

from tests.conformance.saml.conftest import Connected, identity, refusal
from tests.conformance.saml.gatehouse import SamlApi
from tests.conformance.saml.kinds import those_that
from tests.conformance.saml.provider import onwards
from tests.journeys.browser import Browser

ANN = "ann.lee@acme.example"
CONTEXTS = "urn:oasis:names:tc:SAML:2.0:ac:classes"
SMARTCARD, PASSWORD = f"{CONTEXTS}:SmartcardPKI", f"{CONTEXTS}:PasswordProtectedTransport"
DEEP = "/home?tab=two&name=Zo%C3%AB+%26+co"


@those_that("metadata")
def test_it_reads_our_metadata(both: Connected) -> None:
    assert both.read["entity_id"] == both.application.facts["metadata_url"]
    sso = both.application.facts["metadata_url"].removesuffix("/metadata")
    assert both.read["redirect"] == both.read["post"] == sso
    assert both.read["certificates"] == 1


@those_that()
def test_we_read_its_metadata(both: Connected) -> None:
    settings = both.application.settings()
    assert settings["sp_entity_id"] == f"{both.provider.base}/metadata"
    assert [row["url"] for row in settings["acs_urls"]] == [f"{both.provider.base}/acs"]


@those_that()
def test_we_fetch_its_metadata_from_its_address(api: SamlApi, both: Connected) -> None:
    fetched = api.add_application(f"{both.provider.kind.name}-by-address").import_metadata(
        f"{both.provider.base}/metadata"
    )
    assert fetched["sp_entity_id"] == f"{both.provider.base}/metadata"
    assert fetched["acs_urls"] == both.application.settings()["acs_urls"]


@those_that()
def test_by_redirect(both: Connected, stranger: Browser) -> None:
    """Somebody who is not signed in anywhere begins at the application."""
    page = both.login(stranger, DEEP)
    assert page.url.startswith(both.gatehouse.base)
    page = onwards(stranger, stranger.submit(page, having="password", **both.gatehouse.facts["user"]))
    believed = identity(page)
    assert believed["name_id"] == ANN
    assert believed["in_response_to"]
    assert believed["relay_state"] == DEEP


@those_that("post")
def test_by_post(both: Connected, ann: Browser) -> None:
    both.told(binding="post")
    believed = identity(both.login(ann, DEEP))
    assert (believed["name_id"], believed["relay_state"]) == (ANN, DEEP)
    assert believed["in_response_to"]


@those_that()
def test_from_the_launcher(both: Connected, ann: Browser) -> None:
    both.application.change(default_relay_state=DEEP)
    believed = identity(both.launch(ann))
    assert (believed["name_id"], believed["relay_state"]) == (ANN, DEEP)
    assert believed["in_response_to"] is None


@those_that()
def test_the_password_is_asked_again_when_the_application_wants_it(
    both: Connected, gatehouse_ann: Browser
) -> None:
    both.told(force_authn=True)
    page = both.login(gatehouse_ann)
    assert page.form(having="password") is not None, "ForceAuthn was answered without the password"
    page = gatehouse_ann.submit(page, having="password", **both.gatehouse.facts["user"])
    assert identity(onwards(gatehouse_ann, page))["name_id"] == ANN


@those_that()
def test_nobody_is_shown_a_page_when_the_application_wants_none(
    both: Connected, stranger: Browser, ann: Browser
) -> None:
    both.told(is_passive=True)
    told = refusal(both.login(stranger))
    # python3-saml repeats the message, not the code
    assert "NoPassive" in told or "Nobody is signed in" in told
    assert identity(both.login(ann))["name_id"] == ANN


@those_that("context")
def test_a_way_of_signing_in_that_is_not_here_is_refused_by_both_sides(both: Connected, ann: Browser) -> None:
    """Without that wish the same person gets in: passport-saml and python3-saml ask for a password over TLS by themselves."""
    both.told(authn_context=SMARTCARD)
    told = refusal(both.login(ann))
    assert "NoAuthnContext" in told or "People sign in with a password over TLS" in told
    both.told(authn_context=PASSWORD)
    assert identity(both.login(ann))["name_id"] == ANN


@those_that("index")
def test_an_address_may_be_named_by_its_index(both: Connected, ann: Browser) -> None:
    both.told(acs_index=both.application.settings()["acs_urls"][0]["index"])
    assert identity(both.login(ann))["name_id"] == ANN
    both.told(acs_index=7)
    assert "not registered" in both.login(ann).text


@those_that()
def test_nobody_gets_in_without_a_group(api: SamlApi, both: Connected, ann: Browser) -> None:
    """The application hears of it when the person goes back, and then only that there is no sign-in."""
    closed = api.add_application(f"{both.provider.kind.name}-closed")
    both.provider.configure(closed.metadata)
    closed.import_metadata(both.provider.metadata)
    page = both.login(ann)
    assert (page.status, page.url.startswith(both.gatehouse.base)) == (403, True)
    told = refusal(onwards(ann, ann.submit(page, to="/refusal")))
    assert "RequestDenied" in told or "gives no assertion" in told
    assert ann.session.get(f"{both.provider.base}/who", timeout=10).json()["who"] is None

    closed.assign("Everyone")  # the group, and nothing else, was missing
    assert identity(both.login(ann))["name_id"] == ANN
