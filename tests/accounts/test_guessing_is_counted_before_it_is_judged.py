"""What a guesser could measure or race: the work done for a refusal, and guesses that arrive together."""

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.db import connection
from django.test import Client

from apps.accounts import actions
from apps.accounts.actions import TRIES_PER_ACCOUNT, locked_out, person_with, record_failed_sign_in
from apps.directory.actions import add_user, deactivate_user
from apps.tenants.context import in_tenant
from tests.conftest import PASSWORD

TOGETHER = 16


@pytest.fixture
def hashed(monkeypatch):
    """One entry for each password that is hashed, which is where nearly all of a sign-in's time goes."""
    calls = []
    real = MD5PasswordHasher.encode
    monkeypatch.setattr(MD5PasswordHasher, "encode", lambda self, *args: calls.append(1) or real(self, *args))
    return calls


@pytest.mark.django_db
def test_every_refusal_costs_the_same_hashing(alice, bob, system, hashed):
    with in_tenant(bob.tenant):
        deactivate_user(bob.user, actor=system)
        add_user(actor=system, username="unset", email="unset@acme.example")
    work = {}
    for case, name, password in (
        ("wrong", "alice", "wrong"),
        ("unknown", "nobody", "wrong"),
        ("deactivated", "bob", PASSWORD),
        ("without a password", "unset", "wrong"),
    ):
        hashed.clear()
        Client().post("/t/acme/login/", {"username": name, "password": password})
        work[case] = len(hashed)
    for _ in range(TRIES_PER_ACCOUNT):
        Client().post("/t/acme/login/", {"username": "alice", "password": "wrong"})
    hashed.clear()
    Client().post("/t/acme/login/", {"username": "alice", "password": PASSWORD})
    assert work | {"locked": len(hashed)} == dict.fromkeys([*work, "locked"], 1)


def guesses_judged_of(guess, monkeypatch, tenant):
    """How many of so many guesses at the same moment come as far as a look at the password."""
    judged, start = [], Barrier(TOGETHER)

    def look(**_):
        judged.append(1)
        time.sleep(0.3)  # a real look takes as long

    monkeypatch.setattr(actions, "authenticate", look)

    def run(number):
        try:
            start.wait()
            with in_tenant(tenant):
                guess(f"guess {number}")
        finally:
            connection.close()

    with ThreadPoolExecutor(TOGETHER) as threads:
        list(threads.map(run, range(TOGETHER)))
    return len(judged)


@pytest.mark.django_db(transaction=True)
def test_guesses_that_arrive_together_are_no_more_than_ten(bob, system, monkeypatch):
    def guess(password):
        person_with("bob", password, actor=system)

    assert guesses_judged_of(guess, monkeypatch, bob.tenant) <= TRIES_PER_ACCOUNT


@pytest.mark.django_db(transaction=True)
def test_asking_first_and_counting_afterwards_would_let_them_all_through(bob, system, monkeypatch):
    """The negative control: the obvious order."""

    def guess(password):
        if not locked_out("bob", ""):
            actions.authenticate(username="bob", password=password)
            record_failed_sign_in("bob", actor=system)

    assert guesses_judged_of(guess, monkeypatch, bob.tenant) > TRIES_PER_ACCOUNT
