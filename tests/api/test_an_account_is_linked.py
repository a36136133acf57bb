"""Which account is somebody's is said by a script, too."""

from tests.api.conftest import Script
from tests.api.test_identity_management import _silent_bell, configured, path, target, work
from tests.fakes.scim_target import ScimTarget

__all__ = ["_silent_bell", "path", "target"]  # fixtures


def test_an_account_is_linked_by_its_id(api: Script, path: str, target: ScimTarget) -> None:
    target.add_user("mia", "old@acme.example")
    configured(api, path, target)
    api("POST", f"{path}identity-management/activation/")
    work(api)
    (job,) = api.get(f"{path}jobs/?state=parked")["results"]
    address = f"{path}jobs/{job['id']}/account/"
    assert "account" in api.refused("PUT", address, {"remote_id": "nobody"})
    assert "remote_id" in api.refused("PUT", address, {})
    answer = api("PUT", address, {"remote_id": "u1"})
    assert answer.status_code == 202
    work(api)
    (remote,) = api.get(f"{path}remote-users/")["results"]
    assert (remote["remote_id"], remote["linked"], remote["state"]) == ("u1", True, "done")
