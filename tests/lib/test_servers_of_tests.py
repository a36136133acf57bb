"""Chromium opens connections ahead of need: one that stays silent holds nobody up."""

import socket

import pytest
import requests
from pytest_httpserver import HTTPServer


def asked_beside_a_silent_connection(server):
    server.expect_request("/").respond_with_data("here")
    with socket.create_connection((server.host, server.port)):
        return requests.get(server.url_for("/"), timeout=2).text


def test_a_silent_connection_holds_nobody_up(httpserver):
    assert asked_beside_a_silent_connection(httpserver) == "here"


def test_one_thread_would_wait_for_it():
    """Negative control."""
    with HTTPServer(threaded=False) as server, pytest.raises(requests.Timeout):
        asked_beside_a_silent_connection(server)
