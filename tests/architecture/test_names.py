"""Names say what a thing does: words that fit everything are not used."""

import ast
import re

from tests.architecture.source import files_under, text

FUNCTION = re.compile(r"_*(?:handle|process|manage)(?:_|$)|\w*_service$|\w*_(?:utils?|helpers?)$")
CLASS = re.compile(r"\w*(?:Service|Helper|Utils?|Manager)$")
FILE = re.compile(r"(?:utils?|helpers?|services?|misc|common|managers?)$")
DJANGO_CALLS_IT_SO = {
    "handle",
    "handle_operations",
    "process_request",
    "process_response",
    "process_view",
    "process_exception",
}


def vague(source: str) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found += [node.name] if FUNCTION.match(node.name) and node.name not in DJANGO_CALLS_IT_SO else []
        elif isinstance(node, ast.ClassDef) and CLASS.match(node.name) and not is_manager(node):
            found.append(node.name)
    return found


def is_manager(node: ast.ClassDef) -> bool:
    """A manager in Django's sense: it derives from one."""
    return any("Manager" in ast.unparse(base) for base in node.bases)


def test_words_that_fit_everything_are_found() -> None:
    assert vague("def handle_user(): ...\ndef process(): ...\nasync def _manage_x(): ...\ndef mail_service(): ...") == [
        "handle_user", "process", "_manage_x", "mail_service",
    ]  # fmt: skip
    assert vague("class UserService: ...\nclass KeyManager: ...\nclass FormHelper: ...")
    assert all(FILE.match(name) for name in ("utils", "helpers", "services"))


def test_djangos_own_words_are_not() -> None:
    assert not vague(
        "class Command:\n    def handle(self): ...\nclass UserManager(models.Manager): ...\ndef processed_at(): ..."
    )
    assert not FILE.match("commands")


def test_no_name_is_vague() -> None:
    found = {
        str(path): vague(text(path)) + ([path.stem] if FILE.match(path.stem) else [])
        for path in files_under("apps", "portal")
    }
    assert {path: names for path, names in found.items() if names} == {}
