"""Identity Management of one application: its settings, what it knows of people and groups, and the work it owes."""

from typing import Any

from rest_framework import serializers

from apps.api.serializers.base import Strict
from apps.provisioning.models import (
    Deprovisioning,
    IntegrationState,
    JobState,
    Outcome,
    ResourceKind,
    SynchronizationState,
)
from apps.provisioning.synchronizations import progress

TOKEN_HELP = (
    "Never comes back. A new token or address has to be activated anew; a new address erases the token."  # noqa: S105
)


class IntegrationToConfigure(Strict):
    base_url = serializers.CharField(max_length=2000)
    token = serializers.CharField(max_length=4096, required=False, allow_blank=True, help_text=TOKEN_HELP)
    manage_groups = serializers.BooleanField(required=False)
    deprovisioning = serializers.ChoiceField(choices=Deprovisioning.choices, required=False)
    delete_after_days = serializers.IntegerField(required=False)
    sync_passwords = serializers.BooleanField(
        required=False, help_text="Send passwords that are set here, where the application takes them."
    )


class HealthSerializer(serializers.Serializer[Any]):
    accounts = serializers.IntegerField(help_text="Active accounts there.")
    in_sync = serializers.IntegerField()
    pending = serializers.IntegerField()
    failing = serializers.IntegerField()
    held = serializers.IntegerField(help_text="Removals that wait for an administrator's approval.")
    kept = serializers.IntegerField(help_text="Removals that an administrator decided against.")


class ComparisonSerializer(serializers.Serializer[Any]):
    ended_at = serializers.DateTimeField(
        source="last_ended_at", allow_null=True, help_text="Of the last nightly comparison of everybody."
    )
    compared = serializers.IntegerField(source="last_compared", help_text="People and groups.")
    differed = serializers.IntegerField(
        source="last_differed", help_text="From what was last told; they were put right."
    )
    waiting = serializers.IntegerField(
        source="last_waiting", help_text="Differed, but waited already: failing, held, kept or under way."
    )
    next_at = serializers.DateTimeField()


class IntegrationSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    base_url = serializers.CharField()
    token_set = serializers.SerializerMethodField()
    token_hint = serializers.CharField(help_text="The last four characters.")
    manage_groups = serializers.BooleanField()
    deprovisioning = serializers.ChoiceField(choices=Deprovisioning.choices)
    delete_after_days = serializers.IntegerField()
    sync_passwords = serializers.BooleanField()
    capabilities = serializers.DictField(
        child=serializers.BooleanField(),
        help_text="What its ServiceProviderConfig said at the activation, by the RFC's names; empty where it has none.",
    )
    state = serializers.ChoiceField(choices=IntegrationState.choices)
    quarantine_reason = serializers.CharField(help_text="token, failures, or empty.")
    next_at = serializers.DateTimeField(
        source="not_before",
        allow_null=True,
        help_text="Nothing is sent before; in quarantine, the next look.",
    )
    last_verified_at = serializers.DateTimeField(allow_null=True)
    last_verification = serializers.CharField()
    last_problem = serializers.CharField()
    health = HealthSerializer()
    comparison = ComparisonSerializer(allow_null=True)

    def get_token_set(self, integration: Any) -> bool:
        return bool(integration.token_sealed)


class Decision(Strict):
    held = serializers.IntegerField(
        required=False, help_text="How many were looked at: where more wait by now, nothing is decided."
    )


class PlanRowSerializer(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=ResourceKind.choices)
    resource = serializers.UUIDField(source="resource_id")
    name = serializers.CharField()
    operation = serializers.CharField()
    document = serializers.JSONField(allow_null=True, help_text="What would be sent.")


class PlanSerializer(serializers.Serializer[Any]):
    users = serializers.DictField(
        child=serializers.IntegerField(), source="user_counts", help_text="Operation → how many."
    )
    groups = serializers.DictField(child=serializers.IntegerField(), source="group_counts")
    held = serializers.BooleanField(help_text="So many would lose their account that approval is needed.")
    digest = serializers.CharField(help_text="Stands for exactly these changes.")
    more = serializers.IntegerField(help_text="Rows that are not shown here.")
    rows = PlanRowSerializer(many=True)


class PreparedPlanSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    compared = serializers.IntegerField(help_text="People and groups.")
    total = serializers.IntegerField(allow_null=True, help_text="null until a worker has begun.")
    created_at = serializers.DateTimeField()
    ready_at = serializers.DateTimeField(allow_null=True)
    plan = PlanSerializer(allow_null=True, help_text="null until it is ready.")


class SeenPlan(Strict):
    plan = serializers.CharField(
        required=False,
        max_length=64,
        help_text="The plan's digest: where it is another by now, nothing is done.",
    )


class ProgressSerializer(serializers.Serializer[Any]):
    total = serializers.IntegerField(
        allow_null=True, help_text="People and groups; null until they are lined up."
    )
    done = serializers.IntegerField(
        help_text="Compared: while it is planning, for the plan; then with the application."
    )
    failed = serializers.IntegerField()
    held = serializers.IntegerField()


class SynchronizationSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    created_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)
    actor_name = serializers.CharField()
    cause = serializers.CharField(help_text="request or activation.")
    state = serializers.ChoiceField(choices=SynchronizationState.choices)
    planned = serializers.DictField(help_text="users and groups: operation → how many.")
    problem = serializers.CharField(help_text="Why it was not begun.")
    progress = serializers.SerializerMethodField()

    def get_progress(self, synchronization: Any) -> dict[str, int | None]:
        return dict(ProgressSerializer(progress(synchronization)).data)


class SynchronizationToChange(Strict):
    state = serializers.ChoiceField(choices=["cancelled"])


class RemoteSerializer(serializers.Serializer[Any]):
    """What we last told the application, and how the work on it stands."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    remote_id = serializers.CharField()
    linked = serializers.BooleanField(help_text="It was there before us.")
    sent = serializers.DictField()
    last_success_at = serializers.DateTimeField(allow_null=True)
    state = serializers.ChoiceField(choices=JobState.choices, source="job.state", default=JobState.DONE)
    last_error = serializers.CharField(source="job.last_error", default="")


class RemoteUserSerializer(RemoteSerializer):
    user = serializers.UUIDField(source="user_id")
    active = serializers.BooleanField()
    managed = serializers.BooleanField(
        help_text="False: imported, and left as it is until they are in a bound group."
    )
    deactivated_at = serializers.DateTimeField(allow_null=True)


class RemoteGroupSerializer(RemoteSerializer):
    group = serializers.UUIDField(source="group_id")
    managed = serializers.BooleanField(help_text="False once let go: never changed there by us again.")


class JobSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=ResourceKind.choices)
    resource = serializers.UUIDField(source="resource_id")
    name = serializers.CharField(source="resource_name")
    state = serializers.ChoiceField(choices=JobState.choices)
    attempts = serializers.IntegerField(help_text="In a row without success.")
    next_at = serializers.DateTimeField(allow_null=True)
    last_status = serializers.IntegerField(allow_null=True, help_text="Of HTTP.")
    last_error = serializers.CharField(help_text="The application's own words.")
    last_success_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()


class AttemptSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    operation = serializers.CharField()
    outcome = serializers.ChoiceField(choices=Outcome.choices)
    method = serializers.CharField()
    path = serializers.CharField(help_text="Relative to the base URL.")
    status = serializers.IntegerField(allow_null=True)
    seconds = serializers.FloatField()
    request = serializers.JSONField(allow_null=True)
    answer = serializers.CharField()
    created_at = serializers.DateTimeField()


class JobWithAttemptsSerializer(JobSerializer):
    tries = serializers.SerializerMethodField()

    def get_tries(self, job: Any) -> list[dict[str, Any]]:
        return list(AttemptSerializer(job.tries.all()[:20], many=True).data)


class PersonToProvision(Strict):
    user = serializers.UUIDField()


class AccountToLink(Strict):
    remote_id = serializers.CharField(max_length=255, help_text="The account's id at the application.")


class JobQuery(Strict):
    state = serializers.ChoiceField(choices=JobState.choices, required=False)
    kind = serializers.ChoiceField(choices=ResourceKind.choices, required=False)
