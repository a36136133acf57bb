"""RFC 7643 and 7644 on the wire, for the portal as SCIM client, as service provider, and for the sandbox."""
