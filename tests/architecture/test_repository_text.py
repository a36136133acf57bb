"""No file names a package index, a path of somebody's machine, or who or what wrote it. Patterns are spelled so that they miss themselves."""

import re

from tests.architecture.source import ROOT, repository_files

PATTERNS = {
    "a package index or a place that serves others' scripts": re.compile(
        r"pypi\.(?:org|python\.org)|pythonhosted\.org|registry\.(?:npmjs|yarnpkg)\.|deb\.debian\.org|archive\.ubuntu\.com"
        r"|proxy\.golang\.org|(?:index|static)\.crates\.io|cdn\.jsdelivr\.net|unpkg\.com|cdnjs\.cloudflare\.com"
        r"|(?:ajax|fonts)\.(?:googleapis|gstatic)\.com",
        re.I,
    ),
    "a path of one machine": re.compile(r"(?<![\w.:-])/(?:work|root|home|workspace)/(?=[\w.])"),
    "who or what wrote it": re.compile(
        r"\bcl[a]ude\b|\banthro[p]ic\b|\bopen[a]i\b|\bchat[g]pt\b|\bgpt-?\d|\bcopi[l]ot\b|\bll[m]s?\b|\blarge language mode[l]"
        r"|\ba[i][- ](?:generated|written|assisted|assistant)|co-authored-b[y]|(?:written|generated|made) (?:by|with) a[n]? (?:ai|agent|model)\b",
        re.I,
    ),
    "papers that are not in the repository": re.compile(
        r"\bshared/(?:facts|seeds|design|DESIGN|style|fixtures|tools)|\bfacts/[\w-]+\.md|\bseeds/\d|(?<!docs/)\bDESIGN\.md|\bBRIEF\.md"
    ),
}  # fmt: skip


def told(content: str) -> list[str]:
    return [
        f"{what}: {found[0]!r}" for what, pattern in PATTERNS.items() if (found := pattern.search(content))
    ]


def test_words_that_do_not_belong_are_found() -> None:
    dot, slash = ".", "/"
    assert told(f"see https://py{dot[:0]}pi{dot}org/project/x")
    assert told(f"files{dot}python{''}hosted{dot}org")
    assert told(f"REGISTRY{dot}NPMJS{dot}org")
    assert told(f"cd {slash}work/main")
    assert told(f'open("{slash}root/x")')
    assert told(f"{slash}home/somebody/x")
    assert told("Written with Cla" + "ude")
    assert told("Co-Authored-" + "By: somebody")
    assert told("an A" + "I-generated file")
    assert told("see shared" + "/facts for more")


def test_words_of_the_trade_are_not() -> None:
    for good in (
        "User-Agent",
        "workspace/",
        "the home page",
        "https://gitlab.example/home/x",
        "/t/acme/home/",
        "a data model",
        "work/",
    ):
        assert not told(good), good


def test_no_file_tells() -> None:
    found = {}
    for path in repository_files():
        content = (ROOT / path).read_bytes()
        if b"\0" not in content and (words := told(f"{path}\n{content.decode('utf-8')}")):
            found[str(path)] = words
    assert found == {}
