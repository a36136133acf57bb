"""Constructs that switch a guard of Django's off stand only where somebody gave a reason."""

import ast
import re
from pathlib import Path

from tests.architecture.source import dotted, files_under, text

UNGUARDED = {"mark_safe", "csrf_exempt", "RawSQL"}
UNGUARDED_METHODS = {"raw", "extra"}
IN_TEMPLATES = re.compile(r"\|\s*safe(?:seq)?\b|{%-?\s*autoescape\s+off")

# (path, construct): reason
ALLOWED: dict[tuple[str, str], str] = {
    (
        "apps/lib/templatetags/interface.py",
        "mark_safe",
    ): "icons and logos as their packages draw and escape them",
    (
        "apps/sandbox/views/scim.py",
        "csrf_exempt",
    ): "programs call it; a bearer token and no cookie decides",
    (
        "apps/sandbox/views/service_provider.py",
        "csrf_exempt",
    ): "the assertion consumer service is posted to from the identity provider's page; the signature decides",
    (
        "apps/scim/views/base.py",
        "csrf_exempt",
    ): "bearer tokens only: no cookie is ever looked at",
    ("apps/saml/views.py", "csrf_exempt"): "an application posts its sign-in request from its own pages",
    (
        "apps/saml/logout/views.py",
        "csrf_exempt",
    ): "an application posts its signed logout messages from its own pages",
}


def unguarded(source: str) -> list[str]:
    """Each construct by name; also the request's own names handed to a query (`filter(**request.GET.dict())`)."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom):
            found += [alias.name for alias in node.names if alias.name in UNGUARDED]
        elif isinstance(node, ast.Attribute) and node.attr in UNGUARDED:
            found.append(node.attr)
        elif isinstance(node, ast.Call):
            found += calls_in(node) + queries_in(node)
    return sorted(set(found))


def calls_in(call: ast.Call) -> list[str]:
    """SafeString of a literal is only a literal."""
    name = dotted(call.func).split(".")[-1]
    if name in {"SafeString", "SafeText"}:
        return [] if all(is_literal(argument) for argument in call.args) else [name]
    return [name] if dotted(call.func) in {"eval", "exec"} else []


def is_literal(node: ast.expr) -> bool:
    branches = [node.body, node.orelse] if isinstance(node, ast.IfExp) else [node]
    return all(isinstance(branch, ast.Constant) for branch in branches)


def queries_in(call: ast.Call) -> list[str]:
    found = []
    if (
        isinstance(call.func, ast.Attribute)
        and call.func.attr in UNGUARDED_METHODS
        and "objects" in ast.unparse(call.func.value)
    ):
        found.append(f".{call.func.attr}()")
    for keyword in call.keywords:
        if keyword.arg is None and re.search(r"\brequest\.", ast.unparse(keyword.value)):
            found.append("**request.")
    return found


def unguarded_in_template(source: str) -> list[str]:
    return sorted({match.group().replace(" ", "") for match in IN_TEMPLATES.finditer(source)})


def everywhere() -> set[tuple[str, str]]:
    sources = {(str(path), name) for path in files_under("apps", "portal") for name in unguarded(text(path))}
    pages = files_under("templates", "apps", "portal", suffix=".html")
    return sources | {(str(path), name) for path in pages for name in unguarded_in_template(text(path))}


def test_each_construct_is_found() -> None:
    for bad in (
        "from django.utils.safestring import mark_safe",
        "safestring.mark_safe(x)",
        "from django.views.decorators.csrf import csrf_exempt",
        "User.objects.filter(**request.GET.dict())",
        "User.objects.filter(**{k: v for k, v in self.request.data.items()})",
        "actions.update_user(user, **request.POST)",
        "eval(x)",
        "SafeString(label)",
        "safestring.SafeString('a' if x else b)",
        "User.objects.raw('select 1')",
        "User.objects.extra(where=['1=1'])",
        "from django.db.models.expressions import RawSQL",
    ):
        assert unguarded(bad), bad
    for bad in (
        "{{ name|safe }}",
        "{{ name | safe }}",
        "{{ names|safeseq|join:'' }}",
        "{% autoescape off %}",
    ):
        assert unguarded_in_template(bad), bad


def test_their_harmless_cousins_are_not() -> None:
    assert not unguarded(
        "format_html('<b>{}</b>', x)\nUser.objects.filter(**wanted)\nrender(request, 'x', {**context})"
    )
    assert not unguarded("def mark() -> SafeString:\n    return SafeString('on' if x else '')")
    assert not unguarded_in_template("{{ name|safer }} {{ safe }} {% autoescape on %}")


def test_they_stand_only_where_a_reason_is_given() -> None:
    assert everywhere() - ALLOWED.keys() == set()


def test_no_reason_outlives_its_construct() -> None:
    assert ALLOWED.keys() - everywhere() == set()
    assert all(Path(path).parts[0] in {"apps", "portal", "templates"} for path, _ in ALLOWED)
