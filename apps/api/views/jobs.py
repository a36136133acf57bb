"""State per resource of one application: what it was told, and the work that is owed."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.serializers.base import Strict
from apps.api.serializers.identity_management import (
    AccountToLink,
    JobQuery,
    JobSerializer,
    JobWithAttemptsSerializer,
    PersonToProvision,
    RemoteGroupSerializer,
    RemoteUserSerializer,
)
from apps.api.views.base import ApiView, ListView, found
from apps.api.views.identity_management import integration_at
from apps.directory.models import User
from apps.provisioning.actions import retry_job
from apps.provisioning.linking import link_account
from apps.provisioning.models import Integration, Job, ResourceKind
from apps.provisioning.running import provision_person


class RemoteUsers(ListView):
    @extend_schema(responses=RemoteUserSerializer(many=True))
    def get(self, request: Request, pk: UUID) -> Response:
        self.query(Strict)
        integration = integration_at(pk)
        return self.page(
            integration.remote_users.all(),
            RemoteUserSerializer,
            prepare=lambda rows: _add_jobs(rows, integration, ResourceKind.USER, "user_id"),
        )


class RemoteGroups(ListView):
    @extend_schema(responses=RemoteGroupSerializer(many=True))
    def get(self, request: Request, pk: UUID) -> Response:
        self.query(Strict)
        integration = integration_at(pk)
        return self.page(
            integration.remote_groups.all(),
            RemoteGroupSerializer,
            prepare=lambda rows: _add_jobs(rows, integration, ResourceKind.GROUP, "group_id"),
        )


class Jobs(ListView):
    @extend_schema(parameters=[JobQuery], responses=JobSerializer(many=True))
    def get(self, request: Request, pk: UUID) -> Response:
        wanted = self.query(JobQuery)
        return self.page(Job.objects.filter(integration=integration_at(pk), **wanted), JobSerializer)


class OneJob(ApiView):
    @extend_schema(responses=JobWithAttemptsSerializer)
    def get(self, request: Request, pk: UUID, job: UUID) -> Response:
        """With its last twenty tries, newest first."""
        return Response(JobWithAttemptsSerializer(_job(pk, job)).data)


class Provision(ApiView):
    @extend_schema(request=PersonToProvision, responses={202: JobSerializer})
    def post(self, request: Request, pk: UUID) -> Response:
        """One person now, before all others; the job's `tries` tell what was said."""
        integration = integration_at(pk)
        user = found(User.objects.all(), pk=self.read(PersonToProvision)["user"])
        job = provision_person(integration, user, actor=self.actor)
        return Response(JobSerializer(job).data, status=202)


class Retries(ApiView):
    @extend_schema(request=None, responses={202: JobSerializer})
    def post(self, request: Request, pk: UUID, job: UUID) -> Response:
        """Now instead of later; not before the application's own Retry-After."""
        self.read(Strict)
        return Response(JobSerializer(retry_job(_job(pk, job), actor=self.actor)).data, status=202)


class Account(ApiView):
    @extend_schema(request=AccountToLink, responses={202: JobSerializer})
    def put(self, request: Request, pk: UUID, job: UUID) -> Response:
        """Which account there is theirs, where it could not be found or taken for theirs. It is brought up to date at once."""
        row = _job(pk, job)
        user = found(User.objects.all(), pk=row.resource_id)
        link_account(row.integration, user, self.read(AccountToLink)["remote_id"], actor=self.actor)
        row.refresh_from_db()
        return Response(JobSerializer(row).data, status=202)


def _job(pk: UUID, job: UUID) -> Any:
    return found(Job.objects.filter(integration=integration_at(pk)), pk=job)


def _add_jobs(rows: list[Any], integration: Integration, kind: ResourceKind, key: str) -> None:
    """Each row gets `job`, in one query for the page."""
    keys = [getattr(row, key) for row in rows]
    jobs = Job.objects.filter(integration=integration, kind=kind, resource_id__in=keys)
    by_resource = {job.resource_id: job for job in jobs}
    for row in rows:
        row.job = by_resource.get(getattr(row, key))
