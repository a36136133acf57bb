"""
TenantError
├── NoTenantError      a scoped query ran outside any tenant: a mistake in our code, never a page
└── UnknownTenantError the tenant in an id or address does not exist or is suspended
"""


class TenantError(Exception):
    """Something about tenants is wrong."""


class NoTenantError(TenantError):
    """A tenant-scoped query ran while no tenant is in context."""


class UnknownTenantError(TenantError):
    """No active tenant has this id or slug."""
