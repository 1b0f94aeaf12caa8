"""Who may do what: each role that is given, to whom, and over what, stands here with its reason."""

import re
from collections.abc import Iterator

import pytest

from tests.infra.bicep import Deployed, Stack, Templates
from tests.infra.project import DEPLOYER, STAGES, deployed, text, with_private_endpoints

ROLES = {
    "b7e6dc6d-f1e8-4753-8033-0f276bb0955b": "Storage Blob Data Owner",
    "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3": "Storage Table Data Contributor",
    "4f6d3b9b-027b-4f4c-9142-0e5a2a2247e0": "Azure Service Bus Data Receiver",
    "69a216fc-b8fb-44d8-bc22-1f3c2cd27a39": "Azure Service Bus Data Sender",
    "4633458b-17de-408a-b874-0445c86b69e6": "Key Vault Secrets User",
    "b86a8fe4-44ce-4948-aee5-eccb2c155cd7": "Key Vault Secrets Officer",
    "3913510d-42f4-4e42-8a64-420c390055eb": "Monitoring Metrics Publisher",
}
# Who, role, type of what it reaches and the name of the resource as it begins.
ALLOWED = {
    ("app", "Storage Blob Data Owner", "storageAccounts sthost"): "the host's keys, locks and packages",
    ("app", "Storage Table Data Contributor", "storageAccounts sthost"): "the host's events",
    ("app", "Storage Table Data Contributor", "storageAccounts ststate"): "rows are all that the app keeps",
    ("app", "Azure Service Bus Data Receiver", "subscriptions connector"): "the trigger, and dead letters",
    ("app", "Azure Service Bus Data Receiver", "queues deliveries"): "the trigger",
    ("app", "Azure Service Bus Data Sender", "queues deliveries"): "a settled session asks for an attempt",
    ("app", "Key Vault Secrets User", "vaults kv-plat"): "the reference to the administrator's key's hash",
    ("app", "Key Vault Secrets Officer", "vaults kv-oper"): "operators' secrets are put in through the app",
    ("app", "Monitoring Metrics Publisher", "components appi"): "telemetry",
    ("deployer", "Key Vault Secrets Officer", "vaults kv-plat"): "makes the administrator's key",
    ("deployer", "Azure Service Bus Data Sender", "topics utilitycloudcontractevents"): "the smoke test's event",
}
# Of these an id may stand in the templates, but nobody is given one.
TOO_MUCH = {
    "8e3af657-a8ff-443c-a75c-2fe8c4bcb635": "Owner",
    "b24988ac-6180-42a0-ab88-20f7382dd24c": "Contributor",
    "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9": "User Access Administrator",
    "f58310d9-a9f6-439a-9e8d-f62e7b41a168": "Role Based Access Control Administrator",
}
ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def findings(templates: Templates) -> Iterator[str]:
    """Each role that is given to somebody, or over something, that the list does not have; and each that is not."""
    given: set[tuple[str, str, str]] = set()
    for stage in STAGES:
        stack = deployed(templates, stage)
        for assignment in _assignments(stack):
            who, role, scope = _who(assignment), _role(assignment), assignment.scope or ""
            allowed = next((one for one in ALLOWED if one[:2] == (who, role) and _reaches(scope, one[2])), None)
            if not assignment.scope:
                yield f"{assignment}: {role} over the whole resource group"
            elif allowed is None:
                yield f"{assignment}: {role} for {who} over {scope}"
            else:
                given.add(allowed)
        names = [(text(assignment.name), assignment.scope) for assignment in _assignments(stack)]
        yield from (
            f"two assignments at {scope} have one name" for name, scope in {*names} if names.count((name, scope)) > 1
        )
    yield from (f"nobody needs {' '.join(one)}" for one in ALLOWED if one not in given)


def _assignments(stack: Stack) -> list[Deployed]:
    return stack.of_type("Microsoft.Authorization/roleAssignments")


def _who(assignment: Deployed) -> str:
    principal = text(assignment.at("properties.principalId"))
    return {"identity.properties.principalId": "app", DEPLOYER: "deployer"}.get(principal, principal)


def _role(assignment: Deployed) -> str:
    role = ID.search(text(assignment.at("properties.roleDefinitionId")))
    found = role[0] if role else "a role that cannot be read"
    return ROLES.get(found) or TOO_MUCH.get(found) or found


def _reaches(scope: str, allowed: str) -> bool:
    resource_type, _, name = scope.partition(" ")
    allowed_type, _, beginning = allowed.partition(" ")
    return resource_type.rpartition("/")[2] == allowed_type and name.startswith(beginning)


def test_every_role_that_is_given_has_a_reason(templates: Templates) -> None:
    assert list(findings(templates)) == []
    assert list(findings(with_private_endpoints(templates))) == []


def test_nobody_who_deploys_without_a_name_is_given_anything(templates: Templates) -> None:
    nobody = deployed(templates, "staging", deployerPrincipalId="")
    assert {_who(assignment) for assignment in _assignments(nobody)} == {"app"}


ROLE_FILE = "modules/role-assignments.bicep"
RECEIVER = "guid(queue.id, appPrincipalId, serviceBusDataReceiver)"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("4f6d3b9b-027b-4f4c-9142-0e5a2a2247e0", "090c5cfd-751d-490a-894a-3ce6f1109419", "090c5cfd"),
        ("4633458b-17de-408a-b874-0445c86b69e6", "8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "Owner for app over"),
        (
            "scope: subscription\n",
            "scope: contractNamespace\n",
            "Receiver for app over Microsoft.ServiceBus/namespaces sb-",
        ),
        ("scope: operatorsVault\n", "scope: platformVault\n", "Key Vault Secrets Officer for app over"),
        ("scope: operatorsVault\n", "", "over the whole resource group"),
        ("guid(queue.id, appPrincipalId, serviceBusDataSender)", RECEIVER, "queues deliveries have one name"),
        ("  name: stateAccountName\n", "  name: hostAccountName\n", "nobody needs app Storage Table Data Contributor"),
    ],
)
def test_a_role_too_many_is_found(templates: Templates, old: str, new: str, expected: str) -> None:
    found = list(findings(templates.altered(ROLE_FILE, old, new)))
    assert any(expected in finding for finding in found), found


def test_a_role_of_a_stranger_is_found(templates: Templates) -> None:
    of_blobs = "appPrincipalId, storageBlobDataOwner)\n  properties: {\n    principalId: "
    found = list(findings(templates.altered(ROLE_FILE, f"{of_blobs}appPrincipalId", f"{of_blobs}'somebody'")))
    assert any("for somebody over" in finding for finding in found), found
