"""
DirectoryError           (apps.directory.errors) refusals with `fields`, for forms and the API
└── WebhookInvalid       what was entered, or asked for, cannot be
    └── Busy             a request to this endpoint is under way: one at a time
"""

from apps.directory.errors import FieldsInvalid


class WebhookInvalid(FieldsInvalid):
    pass


class Busy(WebhookInvalid):
    pass
