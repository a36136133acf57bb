"""Only apps/lib/http.py opens outgoing connections: there every address is judged before it is connected to."""

import ast

from tests.architecture.source import dotted, files_under, imported, text

LIBRARIES = {
    "apps.lib.connections",
    "aiohttp", "ftplib", "http.client", "httpx", "httpx2", "imaplib", "nntplib", "paramiko", "poplib", "pycurl", "requests",
    "smtplib", "telnetlib", "tornado.httpclient", "twisted", "urllib.request", "urllib3", "websocket", "websockets", "xmlrpc.client",
}  # fmt: skip
CALLS = {
    "create_connection",
    "open_connection",
    "open_unix_connection",
    "create_datagram_endpoint",
    "sock_connect",
}
THE_CLIENT = {"apps/lib/http.py", "apps/lib/connections.py"}


def is_library(name: str) -> bool:
    return any(name == library or name.startswith(f"{library}.") for library in LIBRARIES)


def outgoing(source: str) -> list[str]:
    tree = ast.parse(source)
    found = [f"line {node.lineno}: imports {name}" for name, node in imported(tree) if is_library(name)]
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            called = CALLS & {alias.name for alias in node.names}
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            called = CALLS & {node.func.attr}
            # A socket that binds is a server; one that connects goes out.
            called |= {"connect"} if is_socket_connect(node.func, tree) else set()
        else:
            continue
        found += [f"line {node.lineno}: {name}" for name in sorted(called)]
    return found


def is_socket_connect(function: ast.Attribute, tree: ast.AST) -> bool:
    """`.connect()` in a source that imports socket: signals are connected elsewhere."""
    return function.attr in {"connect", "connect_ex"} and any(name == "socket" for name, _ in imported(tree))


def dynamic_imports(source: str) -> list[str]:
    return [
        f"line {node.lineno}: {node.args[0].value}"
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and dotted(node.func).split(".")[-1] in {"import_module", "__import__", "import_string"}
        and node.args
        and isinstance(node.args[0], ast.Constant)
        and is_library(str(node.args[0].value))
    ]


def test_every_way_out_is_found() -> None:
    for bad in (
        "import aiohttp",
        "import requests as quiet",
        "from aiohttp import ClientSession",
        "import urllib.request",
        "from urllib import request",
        "from urllib.request import urlopen",
        "import http.client",
        "from http import client",
        "def f():\n    import httpx",
        "import socket\nsocket.create_connection(('example.com', 80))",
        "from socket import create_connection",
        "import socket\nsocket.socket().connect(('example.com', 80))",
        "import asyncio\nasyncio.open_connection('example.com', 80)",
        "import smtplib",
        "from apps.lib import connections",
    ):
        assert outgoing(bad), bad
    assert dynamic_imports("importlib.import_module('requests')")


def test_servers_parsers_and_django_mail_are_not() -> None:
    for good in (
        "from urllib.parse import urlsplit",
        "from http import HTTPStatus",
        "import http.server",
        "import socket\nsocket.socket().bind(('127.0.0.1', 0))",
        "from django.core.mail import send_mail",
        "from django.db.models.signals import post_migrate\npost_migrate.connect(print)",
        "import requests_of_ours",
        "from apps.lib import http",
    ):
        assert not outgoing(good), good


def test_nothing_else_opens_an_outgoing_connection() -> None:
    found = {
        str(path): outgoing(text(path)) + dynamic_imports(text(path))
        for path in files_under("apps", "portal")
        if str(path) not in THE_CLIENT
    }
    assert {path: lines for path, lines in found.items() if lines} == {}
