"""
Every write that comes in through SCIM, and the sources and tokens that allow it. People and groups change through the directory's
actions alone; here stands whose they are: one request is one transaction over both. Refusals are apps.directory.errors and apps.scim.errors.
"""
