"""A Django project for the other sides of the SCIM benchmark: django-scim2 as it comes, and scim2-server over a table."""
