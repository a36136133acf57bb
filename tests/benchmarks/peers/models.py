from django.contrib.auth.models import AbstractUser
from django.db import models
from django_scim.models import AbstractSCIMGroupMixin, AbstractSCIMUserMixin


class Group(AbstractSCIMGroupMixin):
    """As django-scim2's README says."""

    name = models.CharField(max_length=254)


class User(AbstractSCIMUserMixin, AbstractUser):
    scim_groups = models.ManyToManyField(Group)


class Token(models.Model):
    """The least that a bearer token needs: its digest, and whose it is."""

    digest = models.CharField(max_length=64, unique=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE)

    def __str__(self):
        return self.digest


class Document(models.Model):
    """A resource of scim2-server as its JSON, with what it looks one up by."""

    id = models.CharField(max_length=40, primary_key=True)
    kind = models.CharField(max_length=20)
    name_key = models.CharField(max_length=300)  # userName or displayName, folded
    number = models.BigIntegerField(db_index=True)  # the order of lists
    content = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "name_key"], name="document_name")]

    def __str__(self):
        return self.name_key
