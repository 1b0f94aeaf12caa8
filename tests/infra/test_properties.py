"""Every property that the templates set or read exists, has the right type, and a value that Azure knows."""

import pytest

from tests.infra.bicep import BicepFile, Kind, Templates
from tests.infra.known_resources import BY_HAND, KNOWN, api_version_of, model_of
from tests.infra.shape import findings


def test_every_property_is_one_that_azure_knows(templates: Templates) -> None:
    assert list(findings(templates)) == []


def other_versions(templates: Templates) -> list[str]:
    return [
        f"{file.path}:{declared.line}: {declared.resource_type}@{declared.api_version}"
        for file in templates.bicep.values()
        for declared in file.of_kind(Kind.RESOURCE)
        if declared.api_version != api_version_of(declared.resource_type)
    ]


def test_every_resource_has_the_api_version_that_was_decided(templates: Templates) -> None:
    assert other_versions(templates) == []


def test_another_version_is_found(templates: Templates) -> None:
    altered = templates.altered("modules/function-app.bicep", "sites@2025-03-01", "sites@2024-11-01")
    assert [finding.partition(": ")[2] for finding in other_versions(altered)] == ["Microsoft.Web/sites@2024-11-01"]


def test_no_type_is_known_that_is_not_used(templates: Templates) -> None:
    used = {one.resource_type for file in templates.bicep.values() for one in file.of_kind(Kind.RESOURCE)}
    assert {*KNOWN, *BY_HAND} - used == set()


@pytest.mark.parametrize("resource_type", KNOWN)
def test_every_known_type_has_a_shape_to_hold_it_against(resource_type: str) -> None:
    assert model_of(resource_type).properties


def test_what_azure_asks_for_without_saying_so_is_found_missing(templates: Templates) -> None:
    altered = templates.altered(
        "modules/function-app.bicep", "  name: 'scm'\n  location: location\n", "  name: 'scm'\n"
    )
    assert [finding.rpartition(": ")[2] for finding in findings(altered)] == ["location is missing"]


QUEUE = (
    "resource queue 'Microsoft.ServiceBus/namespaces/queues@2024-01-01' = {{\n  name: 'a'\n  properties: {{ {} }}\n}}"
)
ACCOUNT = "resource account 'Microsoft.Storage/storageAccounts@2025-06-01' = {{\n  name: 'a'\n  {}\n}}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (QUEUE.format("lockDurations: 'PT1M'"), "properties.lockDurations is not known, perhaps lockDuration"),
        (QUEUE.format("maxDeliveryCount: '10'"), "properties.maxDeliveryCount is a string, and must be a number"),
        (QUEUE.format("requiresSession: { a: 1 }"), "properties.requiresSession is an object, and must be a boolean"),
        (QUEUE.format("status: 'active'"), "properties.status is 'active', and must be one of"),
        (QUEUE.format("messageCount: 3"), "properties.messageCount can only be read"),
        (QUEUE.format("lockDuration: 'PT1M', lockDuration: 'PT2M'"), "properties.lockDuration is set twice"),
        (QUEUE.format("lockDuration: true ? 'PT1M' : 5"), "properties.lockDuration is a number, and must be a string"),
        (QUEUE.format("lockDuration: taken") + "\nvar taken = 5", "properties.lockDuration is a number"),
        (QUEUE.format("lockDuration: taken") + "\nparam taken int", "properties.lockDuration is a number"),
        (QUEUE.format("") + "\noutput x string = queue.properties.lockDurration", "queue.properties.lockDurration"),
        (QUEUE.format("") + "\nvar x = '${queue.properties.lockdurration}'", "queue.properties.lockdurration"),
        (ACCOUNT.format("sku: { name: 'Standard_LSR' }"), "sku.name is 'Standard_LSR'"),
        (ACCOUNT.format("sku: { nmae: 'Standard_LRS' }"), "sku.nmae is not known, perhaps name"),
        (
            ACCOUNT.format("properties: { networkAcls: { ipRules: [{ values: '1.1.1.1' }] } }"),
            "properties.networkAcls.ipRules[0].values is not known",
        ),
        (
            ACCOUNT.format("properties: { networkAcls: { ipRules: [for n in names: { vaule: n }] } }"),
            "properties.networkAcls.ipRules[0].vaule is not known, perhaps value",
        ),
        (ACCOUNT.format("kind: 'StorageV2', location: 'x'"), "sku is missing"),
        (ACCOUNT.format("sku: {}"), "sku.name is missing"),
        (ACCOUNT.format("propertis: {}"), "propertis is not known, perhaps properties"),
        (
            "resource x 'Microsoft.Storage/accounts@2025-06-01' = { name: 'a' }",
            "Microsoft.Storage/accounts is not a type",
        ),
        (
            "resource rule 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = {\n  name: 'a'\n  location: 'b'\n"
            "  properties: { criteria: { allOf: [{ failingPeriod: {} }] } }\n}",
            "properties.criteria.allOf[0].failingPeriod is not known, perhaps failingPeriods",
        ),
    ],
)
def test_a_wrong_property_is_found(text: str, expected: str) -> None:
    found = list(findings(Templates(bicep={"x.bicep": BicepFile("x.bicep", text)}, others={})))
    assert any(expected in finding for finding in found), found


@pytest.mark.parametrize(
    "text",
    [
        QUEUE.format("lockDuration: 'PT1M', maxDeliveryCount: 10, status: 'Active'"),
        QUEUE.format("lockDuration: 'PT${'1'}M'") + "\noutput x string = queue.properties.lockDuration",
        ACCOUNT.format("tags: { 'any thing': 'x' }, kind: 'StorageV2', location: 'x', sku: { name: 'Standard_ZRS' }"),
        "resource account 'Microsoft.Storage/storageAccounts@2025-06-01' existing = { name: 'a' }",
    ],
)
def test_a_right_property_is_left_alone(text: str) -> None:
    assert list(findings(Templates(bicep={"x.bicep": BicepFile("x.bicep", text)}, others={}))) == []
