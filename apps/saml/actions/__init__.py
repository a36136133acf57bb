"""
Every way an application's single sign-on changes: change, event, outbox in one transaction. Refusals are apps.saml.errors,
each with `fields`.
"""
