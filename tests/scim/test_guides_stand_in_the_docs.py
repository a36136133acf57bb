from apps.scim.models import SourceKind
from tests.scim.guides_document import BASE_URL, DOCUMENT, text


def test_the_document_says_what_the_page_says() -> None:
    assert DOCUMENT.read_text() == text(), "python -m tests.scim.guides_document writes it anew"


def test_every_product_has_its_part_with_the_values_it_needs() -> None:
    """The control: the comparison above is not of two empty texts."""
    parts = DOCUMENT.read_text().split("\n## ")
    for kind in SourceKind:
        part = next(each for each in parts if each.startswith(f"{kind.label}\n"))
        assert f"`{BASE_URL}" in part
        assert "`the token`" in part
        assert "\n3. " in part
