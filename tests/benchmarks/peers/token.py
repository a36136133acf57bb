"""Who is calling, by one query: less than any server can do with."""

import hashlib

from tests.benchmarks.peers.models import Token


class TokenMiddleware:
    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        secret = request.headers.get("Authorization", "").removeprefix("Bearer ")
        digest = hashlib.sha256(secret.encode()).hexdigest()
        token = Token.objects.select_related("user").filter(digest=digest).first()
        if token is not None:
            request.user = token.user
        return self.get_response(request)
