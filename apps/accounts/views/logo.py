from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from apps.accounts.access import public
from apps.lib.pictures import picture_response
from apps.tenants.models import TenantLogo


@public
@require_safe
def organisation_logo(request: HttpRequest) -> HttpResponse:
    """Stands on the sign-in page, so anybody may have it."""
    picture = TenantLogo.objects.values_list("picture", flat=True).first()
    if picture is None:
        raise Http404
    return picture_response(bytes(picture))
