import pytest

from tests.browser import conftest


def test_a_machine_without_chromium_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr(conftest, "CHROMIUM", "/nowhere/chromium")
    assert "apt install chromium" in conftest.missing()


@pytest.mark.parametrize(("ci", "outcome"), [("true", pytest.fail.Exception), ("", pytest.skip.Exception)])
def test_it_is_a_skip_with_its_reason_and_under_ci_an_error(monkeypatch, ci, outcome):
    monkeypatch.setenv("CI", ci)
    with pytest.raises(outcome, match="No browser: because"):
        conftest.do_without("because")
