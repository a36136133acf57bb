"""Files of at most 400 lines, functions of at most 60."""

import ast
import statistics
from pathlib import Path

from tests.architecture.source import files_under, repository_files, text

FILE_LIMIT, FUNCTION_LIMIT = 400, 60
HAND_WRITTEN = {".py", ".html", ".css", ".js", ".sh", ".toml"}
FOLDERS_OF_COMMANDS = {"bin", ".ci"}


def function_sizes(source: str) -> list[tuple[str, int]]:
    return [
        (node.name, (node.end_lineno or node.lineno) - node.lineno + 1)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]


def long_functions(source: str) -> list[str]:
    return [f"{name}: {size} lines" for name, size in function_sizes(source) if size > FUNCTION_LIMIT]


def long_file(source: str) -> bool:
    return len(source.splitlines()) > FILE_LIMIT


def hand_written_files() -> list[Path]:
    return [
        path
        for path in repository_files()
        if (path.suffix in HAND_WRITTEN or path.parts[0] in FOLDERS_OF_COMMANDS)
        and "migrations" not in path.parts
    ]


def test_a_function_of_61_lines_and_a_file_of_401_are_found() -> None:
    body = "    x = 1\n"
    assert long_functions("def f():\n" + body * 60) == ["f: 61 lines"]
    assert long_functions("class A:\n  async def f(self):\n" + body * 60) == ["f: 61 lines"]
    assert not long_functions("def f():\n" + body * 59)
    assert long_file("x\n" * 401)
    assert not long_file("x\n" * 400)


def test_no_file_is_longer_than_400_lines() -> None:
    assert [str(path) for path in hand_written_files() if long_file(text(path))] == []


def test_no_function_is_longer_than_60_lines() -> None:
    found = {str(path): long_functions(text(path)) for path in files_under("apps", "portal", "tests")}
    assert {path: names for path, names in found.items() if names} == {}


def test_the_medians_are_told() -> None:
    """Shown by pytest -rP; the budget is a median of 60 lines for files and 8 for functions."""
    product = [text(path) for path in files_under("apps", "portal")]
    files = [len(source.splitlines()) for source in product if source.strip()]
    functions = [size for source in product for _, size in function_sizes(source)]
    assert files
    assert functions
    for name, sizes in (("files", files), ("functions", functions)):
        p90 = statistics.quantiles(sizes, n=10)[-1] if len(sizes) > 1 else sizes[0]
        print(f"{name}: median {statistics.median(sizes):.0f}, p90 {p90:.0f}, longest {max(sizes)}")  # noqa: T201
