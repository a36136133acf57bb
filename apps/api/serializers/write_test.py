"""A write test at an application: each step with its requests, and what is left there."""

from typing import Any

from rest_framework import serializers

from apps.api.serializers.base import Strict


class WriteTestToRun(Strict):
    email = serializers.CharField(max_length=254, help_text="Of the test account; nobody's.")


class RequestSerializer(serializers.Serializer[Any]):
    method = serializers.CharField()
    path = serializers.CharField(help_text="Relative to the base URL.")
    status = serializers.IntegerField(allow_null=True)
    seconds = serializers.FloatField()
    request = serializers.JSONField(allow_null=True)
    answer = serializers.CharField()


class TriedStepSerializer(serializers.Serializer[Any]):
    name = serializers.ChoiceField(choices=["look_up", "create", "update", "deactivate", "delete"])
    succeeded = serializers.BooleanField()
    words = serializers.CharField()
    requests = RequestSerializer(many=True)


class WriteTestSerializer(serializers.Serializer[Any]):
    user_name = serializers.CharField()
    succeeded = serializers.BooleanField()
    left = serializers.CharField(help_text="What is there afterwards.")
    steps = TriedStepSerializer(many=True)
