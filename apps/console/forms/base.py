from django import forms

from apps.directory.errors import DirectoryError


class ActionForm(forms.Form):
    """A form whose values go to one action, and which shows what that action refuses."""

    def place_of(self, field: str) -> str | None:
        """Where an error about `field` stands; None is on top, for what the form does not ask."""
        return field if field in self.fields else None

    def refuse(self, error: DirectoryError) -> None:
        for field, texts in error.fields.items():
            self.add_error(self.place_of(field), texts)  # type: ignore[arg-type]  # a list of sentences is documented
