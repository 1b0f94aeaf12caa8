"""What documents promise of the deployment, and where in the deployment it is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.infra.bicep import Stack
from tests.infra.project import app_settings

type Reader = Callable[[Stack, Mapping[str, Any]], object]


@dataclass(frozen=True, kw_only=True)
class Promise:
    """What `reader` finds in the deployment, and in host.json, is `value`, by stage.

    `said`: a document, and words that stand in it. `plants` are faults that break the promise: a file of infra/ (or
    host.json), what stands there, and what takes its place.
    """

    said: tuple[tuple[str, str], ...]
    reader: Reader
    value: Mapping[str, object]
    plants: tuple[tuple[str, str, str], ...]


def both(value: object) -> Mapping[str, object]:
    return {"staging": value, "production": value}


def setting(name: str) -> Reader:
    return lambda stack, _: app_settings(stack).get(name)


def at(resource_type: str, path: str, *, named: str = "") -> Reader:
    """The value at a path in the one resource of a type whose name begins so."""

    def reader(stack: Stack, _: Mapping[str, Any]) -> object:
        found = [one.at(path) for one in stack.of_type(resource_type) if str(one.name).startswith(named)]
        return found[0] if len(found) == 1 else f"there are {len(found)}"

    return reader


def always_ready(stack: Stack, _: Mapping[str, Any]) -> object:
    (site,) = stack.of_type(SITE)
    return {one["name"]: one["instanceCount"] for one in site.at(f"{SCALE}.alwaysReady")}


def locks(stack: Stack, _: Mapping[str, Any]) -> object:
    """Of each lock its level, and how the name of what it is on begins."""
    found = stack.of_type("Microsoft.Authorization/locks")
    return [(one.at("properties.level"), str(one.scope).rpartition(" ")[2][:7]) for one in found]


def messages_at_once(_: Stack, host: Mapping[str, Any]) -> object:
    return host["extensions"]["serviceBus"].get("maxConcurrentCalls")


SITE, SIGN_IN = "Microsoft.Web/sites", "Microsoft.Web/sites/config"
WORKSPACE, SEARCHES = "Microsoft.OperationalInsights/workspaces", "Microsoft.Insights/scheduledQueryRules"
ACCOUNTS, TOPICS = "Microsoft.Storage/storageAccounts", "Microsoft.ServiceBus/namespaces/topics"
SCALE = "properties.functionAppConfig.scaleAndConcurrency"

APP, SIGN_IN_FILE, ALERTS = "modules/function-app.bicep", "modules/sign-in.bicep", "modules/alerts.bicep"
BUS, STORAGE, STAGE_FILE = "modules/service-bus.bicep", "modules/storage.bicep", "stages.json"

SECURITY, DATA, RECOVERY = "docs/security.md", "docs/personal-data.md", "docs/recovery.md"
TELEMETRY, CAPACITY, DEPLOY = "docs/telemetry.md", "docs/capacity.md", "docs/deploy.md"
DECISION = "docs/decisions/0017-deployed-as-a-whole.md"

LIFE, LOOKED_AT = "defaultMessageTimeToLive: 'P14D'", "threshold: 3600\n    splitBy: eachOperator\n    every: 'PT15M'"
HAD_BACK = ("deleteRetentionPolicy", "containerDeleteRetentionPolicy")
LEFT_OUT = ("/api/*", "/health", "/admin/*", "/assets/*")

PROMISES = [
    Promise(
        said=((SECURITY, "`LogRetention` 400 days"), (DATA, "`LogRetention` is 400 days (`P400D`)")),
        reader=setting("LogRetention"),
        value=both("P400D"),
        plants=((APP, "'P400D'", "'P40D'"),),
    ),
    Promise(
        said=((SECURITY, "`LineRetention` 7 years"), (DATA, "`LineRetention` 7 years (`P7Y`)")),
        reader=setting("LineRetention"),
        value=both("P7Y"),
        plants=((APP, "'P7Y'", "'P7D'"),),
    ),
    Promise(
        said=(
            (SECURITY, "telemetry 30 days in staging and 90 in production"),
            (DATA, "30 days in staging, 90 in production (`infra/stages.json`)"),
        ),
        reader=at(WORKSPACE, "properties.retentionInDays"),
        value={"staging": 30, "production": 90},
        plants=(
            (STAGE_FILE, '"retentionInDays": 90', '"retentionInDays": 30'),
            (STAGE_FILE, '"retentionInDays": 30', '"retentionInDays": 90'),
        ),
    ),
    Promise(
        said=(
            (SECURITY, "contract events 14 days at the broker"),
            (DATA, "until they are carried out, in seconds; 14 days at most"),
        ),
        reader=at(TOPICS, "properties.defaultMessageTimeToLive"),
        value=both("P14D"),
        plants=((BUS, f"{LIFE}\n    maxSize", f"{LIFE.replace('14', '1')}\n    maxSize"),),
    ),
    Promise(
        said=((RECOVERY, "the topic keeps events for 14 days"),),
        reader=at(f"{TOPICS}/subscriptions", "properties.defaultMessageTimeToLive"),
        value=both("P14D"),
        plants=((BUS, f"{LIFE}\n    deadLetter", f"{LIFE.replace('14', '1')}\n    deadLetter"),),
    ),
    Promise(
        said=((DEPLOY, "Deployment packages and secrets that were deleted can be had back for 7 and for 90 days"),),
        reader=at(f"{ACCOUNTS}/blobServices", "properties"),
        value=both({policy: {"enabled": True, "days": 7} for policy in HAD_BACK}),
        plants=tuple((STORAGE, f" {policy}: {{ enabled: true", f" {policy}: {{ enabled: false") for policy in HAD_BACK),
    ),
    Promise(
        said=(
            (RECOVERY, "production `Standard_GZRS`, staging `Standard_LRS`"),
            (DEPLOY, "three copies in staging; in production over three zones, and behind that"),
            (DATA, "In production the state is copied to the paired region too (`Standard_GZRS`)"),
        ),
        reader=at(ACCOUNTS, "sku.name", named="ststate"),
        value={"staging": "Standard_LRS", "production": "Standard_GZRS"},
        plants=((STAGE_FILE, "Standard_GZRS", "Standard_LRS"), (STAGE_FILE, "Standard_LRS", "Standard_GRS")),
    ),
    Promise(
        said=(
            (DECISION, "**A lock on the state's account** in production"),
            (RECOVERY, "a lock on the production account (`stateIsLocked`)"),
            (DEPLOY, "deleting the account is refused in production"),
        ),
        reader=locks,
        value={"staging": [], "production": [("CanNotDelete", "ststate")]},
        plants=(
            (STAGE_FILE, '"stateIsLocked": true', '"stateIsLocked": false'),
            (STAGE_FILE, '"stateIsLocked": false', '"stateIsLocked": true'),
            (STORAGE, "scope: stateAccount", "scope: hostAccount"),
        ),
    ),
    Promise(
        said=(
            (SECURITY, "ends after 8 hours (`infra/modules/sign-in.bicep`)"),
            (SECURITY, "outlives the role by up to 8 hours"),
        ),
        reader=at(SIGN_IN, "properties.login.cookieExpiration"),
        value=both({"convention": "FixedTime", "timeToExpiration": "08:00:00"}),
        plants=((SIGN_IN_FILE, "'08:00:00'", "'80:00:00'"), (SIGN_IN_FILE, "'FixedTime'", "'IdentityProviderDerived'")),
    ),
    Promise(
        said=((DECISION, f"The sign-in leaves out {', '.join(f'`{path}`' for path in LEFT_OUT)}"),),
        reader=at(SIGN_IN, "properties.globalValidation.excludedPaths"),
        value=both([*LEFT_OUT]),
        plants=((SIGN_IN_FILE, "'/admin/*', ", ""), (SIGN_IN_FILE, "'/assets/*'", "'/assets/*', '/'")),
    ),
    Promise(
        said=((DECISION, "An instance takes 16 at a time"),),
        reader=messages_at_once,
        value=both(16),
        plants=(("host.json", '"maxConcurrentCalls": 16', '"maxConcurrentCalls": 160'),),
    ),
    Promise(
        said=((DECISION, "and one is always there"),),
        reader=always_ready,
        value={
            "staging": {"http": 1, "function:contract_event": 1},
            "production": {"http": 2, "function:contract_event": 1},
        },
        plants=((APP, "instanceCount: alwaysReadyContractEvents", "instanceCount: 0"),),
    ),
    Promise(
        said=((CAPACITY, "HTTP requests run 16 at once in an instance (`perInstanceConcurrency`)"),),
        reader=at(SITE, f"{SCALE}.triggers.http.perInstanceConcurrency"),
        value=both(16),
        plants=((APP, "perInstanceConcurrency: 16", "perInstanceConcurrency: 160"),),
    ),
    Promise(
        said=((CAPACITY, "an instance of 2 GB is a core"),),
        reader=at(SITE, f"{SCALE}.instanceMemoryMB"),
        value=both(2048),
        plants=((APP, "instanceMemoryMB: 2048", "instanceMemoryMB: 4096"),),
    ),
    Promise(
        said=((CAPACITY, "is all 100 instances busy"),),
        reader=at(SITE, f"{SCALE}.maximumInstanceCount"),
        value={"production": 100},
        plants=((STAGE_FILE, '"maximumInstances": 100', '"maximumInstances": 1000'),),
    ),
    Promise(
        said=((TELEMETRY, "The workspace takes in 5 GB a day at most"),),
        reader=at(WORKSPACE, "properties.workspaceCapping.dailyQuotaGb"),
        value=both(5),
        plants=(("modules/monitoring.bicep", "mostTakenInADayInGb = 5", "mostTakenInADayInGb = 50"),),
    ),
    Promise(
        said=((TELEMETRY, "what is measured in hours is looked at each quarter of an hour"),),
        reader=at(SEARCHES, "properties.evaluationFrequency", named="oldest-undelivered-line"),
        value=both("PT15M"),
        plants=((ALERTS, LOOKED_AT, LOOKED_AT.replace("PT15M", "PT5M")),),
    ),
    Promise(
        said=((TELEMETRY, "only what a driver waits for each five minutes"),),
        reader=at(SEARCHES, "properties.evaluationFrequency", named="authorization-slow"),
        value=both("PT5M"),
        plants=((ALERTS, "every: 'PT5M'", "every: 'PT15M'"),),
    ),
]
