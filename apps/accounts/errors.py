from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Django's reason is for developers; people need to know what to do."""
    return render(request, "403_csrf.html", status=403)
