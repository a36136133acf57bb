import pytest

from tests.launcher.pictures import png

pytestmark = pytest.mark.django_db
MOST = 12  # queries per page


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/?q=app",
        "/launch/app-1",
        "/applications/app-1/logo",
        "/me/",
        "/me/password/",
        "/me/activity",
        "/logout/",
    ],
)
@pytest.mark.parametrize("who", ["bob", "alice"])
def test_a_page_asks_at_most_twelve_questions_however_many_applications(
    request, give, django_assert_max_num_queries, who, path
):
    for number in range(15):
        give(f"App {number}", connector="bookmark", bookmark_url="https://app.example/", logo=png())
    person = request.getfixturevalue(who)
    with django_assert_max_num_queries(MOST):
        person.get(path)


def test_a_launch_asks_at_most_twenty(bob, give, expenses_sso, django_assert_max_num_queries):
    """Eight of them in the transaction that reads everything anew, issues and records."""
    expenses_sso(give("Expenses"))
    with django_assert_max_num_queries(20):
        assert bob.get("/launch/expenses").status_code == 200


@pytest.mark.parametrize("password", ["correct horse battery", "wrong"])
def test_signing_in_asks_at_most_thirty(bob, django_assert_max_num_queries, password):
    with django_assert_max_num_queries(30):
        bob.post("/login/", {"username": "bob", "password": password})
