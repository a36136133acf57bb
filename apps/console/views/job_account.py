"""Which account there is somebody's, where the application could not be made to say."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _

from apps.accounts.access import actor_of, administrator_required
from apps.console.pages import show
from apps.directory.models import User
from apps.provisioning.errors import ActivationRefused, IntegrationInvalid
from apps.provisioning.linking import find_account, link_account, looked_up_by, owner_of
from apps.provisioning.models import Job, ResourceKind


@administrator_required
def index(request: HttpRequest, pk: UUID, job_pk: UUID) -> HttpResponse:
    """?account= asks the application, by reading only, and shows what it found; POST with `remote_id` links it.

    Without, the field holds what the person's account was looked for by, and nobody is asked.
    """
    jobs = Job.objects.select_related("integration__application").filter(kind=ResourceKind.USER)
    job: Job = get_object_or_404(jobs, pk=job_pk, integration__application_id=pk)
    person = User.objects.filter(pk=job.resource_id).first()
    if person is None:
        raise Http404
    context: dict[str, Any] = {"job": job, "person": person, "application": job.integration.application}
    account = request.GET.get("account", "").replace("\x00", "")
    context["account"] = account or looked_up_by(job.integration, person)
    try:
        if request.method == "POST":
            link_account(job.integration, person, request.POST.get("remote_id", ""), actor=actor_of(request))
            text = _("%(name)s is linked to the account, which is brought up to date now.")
            messages.success(request, text % {"name": person})
            return redirect(
                "console:application_identity", pk
            )  # as after a retry: that page follows what is done
        if account:
            found = find_account(job.integration, account)
            context |= {"found": found, "owner": owner_of(job.integration, found)}
    except (IntegrationInvalid, ActivationRefused) as error:
        context["problem"] = " ".join(" ".join(texts) for texts in error.fields.values())
    return show(request, "console/job_account.html", context)
