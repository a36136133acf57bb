"""Only an app's own actions write its models for others, and no page writes at all.

Names are followed, types are not: a class imported from apps.<app>.models, what its queries return, what is annotated
with it, and `request.user`. What is reached through a relation of an instance is not seen.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.source import app_of, dotted, files_under, text

WRITES = {
    f"{prefix}{verb}"
    for verb in (
        "save",
        "delete",
        "create",
        "update",
        "bulk_create",
        "bulk_update",
        "get_or_create",
        "update_or_create",
    )
    for prefix in ("", "a")
}
INSTANCE_WRITES = {"save", "asave", "delete", "adelete", "update", "aupdate"}
PAGES = {"urls", "views", "forms", "serializers", "plan", "client"}
SHORTCUTS = {"get_object_or_404", "get_list_or_404", "aget_object_or_404", "aget_list_or_404"}


def models_imported(tree: ast.AST, app: str) -> Iterator[tuple[str, str]]:
    """(name in this source, app it belongs to) for every model class or models module that is imported."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            module = f"apps.{app}.{node.module or ''}".rstrip(".") if node.level else node.module or ""
            parts = module.split(".")
            for alias in node.names:
                if parts[0] == "apps" and "models" in [*parts[2:], alias.name][:1]:
                    yield alias.asname or alias.name, parts[1]
        elif isinstance(node, ast.Assign) and "get_user_model" in ast.unparse(node.value):
            yield from ((name, "directory") for target in node.targets for name in names_in(target))


def names_in(target: ast.AST) -> list[str]:
    return [node.id for node in ast.walk(target) if isinstance(node, ast.Name)]


class Reader:
    """Follows models through one source; `found` holds (line, call, app whose model is written)."""

    def __init__(self, source: str, app: str) -> None:
        tree = ast.parse(source)
        self.classes = dict(models_imported(tree, app))
        self.found: list[tuple[int, str, str]] = []
        self.read(tree, {})

    def owner(self, node: ast.AST | None, known: dict[str, str]) -> str:
        """The app whose model this expression gives (an instance, a query, a class), or ""."""
        match node:
            case ast.Name(id=name):
                return known.get(name) or self.classes.get(name, "")
            case ast.Await(value=value) | ast.Subscript(value=value) | ast.NamedExpr(value=value):
                return self.owner(value, known)
            case ast.Call(func=ast.Name(id=name), args=[first, *_]) if name in SHORTCUTS | {"list"}:
                return self.owner(first, known)
            case ast.Call(func=ast.Attribute(value=value)):  # a method of a query, or models.User(…)
                return self.owner(value, known)
            case ast.Call(func=function):
                return self.owner(function, known)
            case ast.Attribute(attr="user", value=value) if dotted(value).split(".")[-1] == "request":
                return "directory"
            case ast.Attribute(value=ast.Name(id=name)) if name in self.classes:  # User.objects, models.User
                return self.classes[name]
            case ast.Attribute(attr="objects" | "unscoped", value=value):
                return self.owner(value, known)
        return ""

    def annotated(self, annotation: ast.expr | None) -> str:
        """Also "User", User | None and QuerySet[User]; not type[User], whose methods are the caller's own risk."""
        if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
            annotation = ast.parse(annotation.value, mode="eval").body
        names = names_in(annotation) if annotation else []
        return next((self.classes[name] for name in names if name in self.classes), "")

    def read(self, scope: ast.AST, outer: dict[str, str]) -> None:
        known = dict(outer)
        if isinstance(scope, ast.FunctionDef | ast.AsyncFunctionDef):
            for argument in [*scope.args.posonlyargs, *scope.args.args, *scope.args.kwonlyargs]:
                known[argument.arg] = self.annotated(argument.annotation)
        for node in self.inside(scope):
            self.learn(node, known)
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in WRITES
            ):
                owner = self.owner(node.func.value, known)
                of_instance = isinstance(node.func.value, ast.Name) and node.func.value.id not in self.classes
                if owner and (not of_instance or node.func.attr in INSTANCE_WRITES):
                    self.found.append((node.lineno, f"{ast.unparse(node.func)}()", owner))
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                self.read(node, known)

    def inside(self, scope: ast.AST) -> Iterator[ast.AST]:
        """What is in the scope, in reading order; the inside of a function is a scope of its own."""
        for child in ast.iter_child_nodes(scope):
            yield child
            if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
                yield from self.inside(child)

    def learn(self, node: ast.AST, known: dict[str, str]) -> None:
        match node:
            case ast.Assign(targets=targets, value=value):
                pairs = [(target, self.owner(value, known)) for target in targets]
            case ast.AnnAssign(target=target, annotation=annotation, value=value):
                pairs = [(target, self.owner(value, known) or self.annotated(annotation))]
            case ast.For(target=target, iter=value) | ast.AsyncFor(target=target, iter=value):
                pairs = [(target, self.owner(value, known))]
            case ast.NamedExpr(target=target, value=value):
                pairs = [(target, self.owner(value, known))]
            case _:
                return
        for target, owner in pairs:
            if isinstance(target, ast.Name | ast.Tuple):
                known.update(dict.fromkeys(names_in(target), owner))


def writes_to_others(source: str, app: str) -> list[str]:
    return [
        f"line {line}: {call} writes {owner}'s model"
        for line, call, owner in Reader(source, app).found
        if owner != app
    ]


def writes(source: str, app: str) -> list[str]:
    return [f"line {line}: {call}" for line, call, _ in Reader(source, app).found]


IMPORT = "from apps.directory.models import User\nfrom apps.scim.models import Token\n"


def test_writes_to_another_apps_models_are_found() -> None:
    for bad in (
        "User.objects.create(username='x')",
        "User.objects.filter(active=True).update(active=False)",
        "User(username='x').save()",
        "User.objects.bulk_create([])",
        "User.objects.get_or_create(username='x')",
        "def f():\n    user = User.objects.get(pk=1)\n    user.save()",
        "def f(user: User):\n    user.delete()",
        "def f(*, user: 'User | None'):\n    user.save(update_fields=['x'])",
        "for user in User.objects.all():\n    user.save()",
        "for user in list(User.objects.all()):\n    if user:\n        user.save()",
        "user = get_object_or_404(User, pk=1)\nuser.delete()",
        "async def f():\n    user = await User.objects.aget(pk=1)\n    await user.asave()",
        "if user := User.objects.first():\n    user.delete()",
        "def view(request):\n    request.user.save()",
        "class V:\n    def post(self):\n        self.request.user.delete()",
        "Person = get_user_model()\nPerson.objects.create()",
        "from apps.directory import models\nmodels.User.objects.create()",
        "from apps.directory.models import User as Person\nPerson.objects.all().delete()",
    ):
        assert writes_to_others(IMPORT + bad, "scim"), bad


def test_reading_calling_actions_and_writing_ones_own_are_not() -> None:
    for good in (
        "Token.objects.create(user=User.objects.get(pk=1))",
        "def f(user: User):\n    actions.update_user(user, actor=actor, email='x')",
        "def f(user: User):\n    token = Token(user=user)\n    token.save()",
        "def f(user: User):\n    names = {}\n    names.update(user=user)",
        "form.save()\nrequest.session.save()",
        "from .models import Token\nToken.objects.filter(pk=1).delete()",
    ):
        assert not writes_to_others(IMPORT + good, "scim"), good


def test_a_page_that_writes_its_own_model_is_found() -> None:
    assert writes("from .models import Token\ndef view(request):\n    Token.objects.create()", "scim")
    assert not writes("from .models import Token\ndef view(request):\n    Token.objects.filter(pk=1)", "scim")


def test_models_are_written_by_their_own_app_only() -> None:
    found = {str(path): writes_to_others(text(path), app_of(path)) for path in in_apps()}
    assert {path: lines for path, lines in found.items() if lines} == {}


def test_pages_forms_and_plans_write_no_model() -> None:
    found = {
        str(path): writes(text(path), app_of(path)) for path in in_apps() if PAGES & {path.stem, *path.parts}
    }
    assert {path: lines for path, lines in found.items() if lines} == {}


def in_apps() -> list[Path]:
    return [path for path in files_under("apps") if len(path.parts) > 2]
