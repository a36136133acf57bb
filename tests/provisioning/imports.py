"""An import told in sentences, for the tests of it."""

from typing import Any

import pytest

from apps.provisioning.imports import actions, tasks, work
from apps.provisioning.models import Import, ImportRow
from tests.provisioning.conftest import Company


class Importing:
    """`read` and `take_in` let the worker come by until nothing is due."""

    def __init__(self, company: Company) -> None:
        self.company = company
        self.run: Any = None

    def begin(self) -> Import:
        self.run = actions.start_import(self.company.integration, actor=self.company.actor)
        return self.run

    def work(self) -> Import:
        while work.work(self.run.pk):
            continue
        self.run.refresh_from_db()
        return self.run

    def read(self) -> Import:
        self.begin()
        return self.work()

    def select(self, *user_names: str) -> Import:
        """Without a name everybody who is new and could be."""
        ids = [self.row(name).pk for name in user_names] if user_names else None
        self.run = actions.select_rows(self.run, ids, actor=self.company.actor)
        return self.run

    def take_in(self, *user_names: str) -> Import:
        self.select(*user_names)
        return self.work()

    def row(self, user_name: str) -> ImportRow:
        return ImportRow.objects.get(run=self.run, user_name=user_name)

    def rows(self) -> list[ImportRow]:
        return list(ImportRow.objects.filter(run=self.run))

    def names(self) -> list[str]:
        return [row.user_name for row in self.rows()]


@pytest.fixture
def importing(staffed: Any, monkeypatch: pytest.MonkeyPatch) -> Importing:
    """From an active integration with mia provisioned into it; nobody rings."""
    monkeypatch.setattr(tasks, "ring", lambda *ids: None)
    return Importing(staffed())
