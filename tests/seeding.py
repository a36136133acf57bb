"""`python -m tests.seeding`: fills a served installation with the demo tenant and writes demo.json into its DATA_DIR, as bin/demo does."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")


def main() -> None:
    django.setup()
    from django.conf import settings

    from portal.demo import start

    tenant, facts = start.prepare(settings.DATA_DIR)
    start.connect_and_tell(tenant, facts, settings.DATA_DIR)


if __name__ == "__main__":
    main()
