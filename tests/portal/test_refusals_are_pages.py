"""Whoever comes to an address in a way that it does not take reads what happened; programs get what programs read."""

import pytest


@pytest.fixture
def form_only(alice):
    """An address of the tenant that takes a form and nothing else."""
    return "/t/acme/me/security/sessions/ends/"


def test_what_takes_a_form_says_so_when_it_is_opened(alice, form_only):
    answer = alice.client.get(form_only, HTTP_ACCEPT="text/html")
    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    page = answer.content.decode()
    assert "This address only takes a form" in page
    assert 'href="/t/acme/"' in page
    german = alice.client.get(form_only, HTTP_ACCEPT="text/html", HTTP_ACCEPT_LANGUAGE="de")
    assert "Diese Adresse nimmt nur ein Formular an" in german.content.decode()


def test_a_program_is_not_sent_a_page(alice, form_only):
    answer = alice.client.get(form_only, HTTP_ACCEPT="application/json")
    assert (answer.status_code, answer.content) == (405, b"")
    for address in ("/t/acme/api/v1/users", "/t/acme/scim/v2/Users"):
        refused = alice.client.put(address, HTTP_ACCEPT="*/*")
        assert "json" in refused["Content-Type"], address


def test_a_form_that_is_too_long_is_told_so(bob, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    answer = bob.client.post("/t/acme/me/password/", {"password": "x" * 200})
    assert answer.status_code == 413
    assert "That was too much at once" in answer.content.decode()


@pytest.mark.parametrize("path", ["/", "/t/acme/login/"])
def test_outside_and_before_signing_in_as_well(client, tenant, settings, path):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    assert client.post(path, {"organisation": "x" * 200}).status_code == 413
