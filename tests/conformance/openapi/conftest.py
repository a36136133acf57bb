from tests.scim.conftest import nobody_pays, okta

__all__ = ["nobody_pays", "okta"]
