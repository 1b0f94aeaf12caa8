"""What the environment says. Read on first use, never at import; every fault is told at once."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from shared.addresses import address_fault

_DURATION = re.compile(r"P(?:(\d{1,4})Y)?(?:(\d{1,5})D)?(?:T(?=\d)(?:(\d{1,4})H)?(?:(\d{1,5})M)?(?:(\d{1,6})S)?)?")
_GROUP_MEMBER = re.compile(r"\*|\d{13}")
_LONGEST_LIST = 50
_INSTANCE_ON_AZURE = ("WEBSITE_INSTANCE_ID", "WEBSITE_POD_NAME")  # Flex Consumption has the second alone
_ON_AZURE_AT = "WEBSITE_HOSTNAME"
_SIGNED_IN_BY_AZURE = "WEBSITE_AUTH_ENABLED"  # Azure says so itself where its sign-in stands before the app
_TRUE = {"true", "1"}
_FALSE = {"false", "0", ""}


class SettingsFaulty(Exception):
    """Settings are missing or malformed. `faults` has all of them: the setting's name and what it should be."""

    def __init__(self, faults: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{name} {fault}" for name, fault in faults.items()))
        self.faults = faults


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings, as `INTERFACES` has them. An address or name that is None is not set."""

    service_bus_connection: str | None
    service_bus_namespace: str | None
    service_bus_client_id: str | None
    contract_events_topic: str
    contract_events_subscription: str
    deliveries_connection: str | None
    """The deliveries queue's namespace, which may be the contract events' own."""
    deliveries_namespace: str | None
    deliveries_client_id: str | None
    deliveries_queue: str
    table_storage: str | None
    table_storage_endpoint: str | None
    table_storage_client_id: str | None
    key_vault_uri: str | None
    key_vault_client_id: str | None
    allow_local_secret_store: bool
    allow_local_addresses: bool
    allow_development_sign_in: bool
    platform_sign_in: bool
    sign_in_groups: Mapping[str, tuple[str, ...]]
    public_address: str | None
    entra_authority: str
    entra_ca_bundle: str | None
    utility_cloud_invoice_line_url: str
    utility_cloud_meter_values_url: str
    delivery_retry_schedule: tuple[timedelta, ...]
    log_retention: timedelta
    line_retention: timedelta
    platform_admin_key_hash: str | None
    requests_per_minute_per_key: int
    application_insights: str | None
    trace_sampling: float
    print_telemetry: bool


def read_settings(environ: Mapping[str, str]) -> Settings:
    """The settings in `environ`. Raises SettingsFaulty; values are never repeated in it, for some are secrets."""
    source = _Source(environ)
    local = source.flag("AllowLocalAddresses")
    service_bus = source.service_bus("ServiceBusConnection")
    deliveries = source.service_bus("DeliveriesConnection")
    if deliveries.is_nowhere:
        deliveries = service_bus
    settings = Settings(
        service_bus_connection=service_bus.connection,
        service_bus_namespace=service_bus.namespace,
        service_bus_client_id=service_bus.client_id,
        contract_events_topic=source.required("ContractEventsTopic"),
        contract_events_subscription=source.text("ContractEventsSubscription") or "connector",
        deliveries_connection=deliveries.connection,
        deliveries_namespace=deliveries.namespace,
        deliveries_client_id=deliveries.client_id,
        deliveries_queue=source.text("DeliveriesQueue") or "deliveries",
        table_storage=source.text("TableStorage"),
        table_storage_endpoint=source.address("TableStorage__endpoint", local=local),
        table_storage_client_id=source.text("TableStorage__clientId"),
        key_vault_uri=source.address("KeyVaultUri", local=local),
        key_vault_client_id=source.text("KeyVaultClientId"),
        allow_local_secret_store=source.flag("AllowLocalSecretStore"),
        allow_local_addresses=local,
        allow_development_sign_in=source.flag("AllowDevelopmentSignIn"),
        platform_sign_in=source.flag(_SIGNED_IN_BY_AZURE) and source.is_on_azure,
        sign_in_groups=source.names_of_groups("SignInGroups"),
        public_address=source.public_address("PublicAddress", local=local),
        entra_authority=source.authority("EntraAuthority", default="https://login.microsoftonline.com"),
        entra_ca_bundle=source.text("EntraCaBundle"),
        utility_cloud_invoice_line_url=source.address("UtilityCloudInvoiceLineUrl", local=local)
        or "https://api.utilitycloud.app/se/invoicelineimport/v1/transaction",
        utility_cloud_meter_values_url=source.address("UtilityCloudMeterValuesUrl", local=local)
        or "https://api.utilitycloud.app/v1/se/general-mv-adapter/CreateMeterValuesSeries",
        delivery_retry_schedule=source.durations(
            "DeliveryRetrySchedule", default="PT30S,PT2M,PT10M,PT30M,PT1H,PT3H,PT6H"
        ),
        log_retention=source.duration("LogRetention", default="P400D"),
        line_retention=source.duration("LineRetention", default="P7Y"),
        platform_admin_key_hash=source.key_hash("PlatformAdminKeyHash"),
        requests_per_minute_per_key=source.whole("RequestsPerMinutePerKey", default=60_000, least=1),
        application_insights=source.text("APPLICATIONINSIGHTS_CONNECTION_STRING"),
        trace_sampling=source.share("TraceSampling", default=1.0),
        print_telemetry=source.flag("PrintTelemetry"),
    )
    _check_together(settings, source)
    if source.faults:
        raise SettingsFaulty(source.faults)
    return settings


def _check_together(settings: Settings, source: "_Source") -> None:
    if settings.table_storage is None and settings.table_storage_endpoint is None:
        source.fault("TableStorage", "is missing (or TableStorage__endpoint, with an identity)")
    if settings.service_bus_connection is None and settings.service_bus_namespace is None:
        source.fault("ServiceBusConnection", "is missing (or ServiceBusConnection__fullyQualifiedNamespace)")
    if settings.key_vault_uri is None and not settings.allow_local_secret_store:
        source.fault("KeyVaultUri", "is missing, and AllowLocalSecretStore does not say true")
    if source.is_on_azure:
        for name in ("AllowLocalSecretStore", "AllowLocalAddresses", "AllowDevelopmentSignIn"):
            if source.flag(name):
                source.fault(name, "is for developers' machines, and this runs on Azure")


@dataclass(frozen=True, kw_only=True)
class _ServiceBus:
    """A namespace, by a connection string or by its host name and an identity."""

    connection: str | None
    namespace: str | None
    client_id: str | None

    @property
    def is_nowhere(self) -> bool:
        return self.connection is None and self.namespace is None


class _Source:
    """The environment, read name by name; what is wrong is gathered in `faults`."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self.faults: dict[str, str] = {}

    @property
    def is_on_azure(self) -> bool:
        return any(self.text(name) for name in _INSTANCE_ON_AZURE)

    def fault(self, name: str, fault: str) -> None:
        self.faults.setdefault(name, fault)

    def text(self, name: str) -> str | None:
        return self._environ.get(name, "").strip() or None

    def required(self, name: str) -> str:
        value = self.text(name)
        if value is None:
            self.fault(name, "is missing")
        return value or ""

    def flag(self, name: str) -> bool:
        value = (self.text(name) or "").lower()
        if value not in _TRUE | _FALSE:
            self.fault(name, "must be true or false")
        return value in _TRUE

    def whole(self, name: str, *, default: int, least: int) -> int:
        value = self.text(name)
        if value is None:
            return default
        if not (value.isascii() and value.isdigit() and len(value) < 10 and int(value) >= least):
            self.fault(name, f"must be a whole number, at least {least}")
            return default
        return int(value)

    def share(self, name: str, *, default: float) -> float:
        value = self.text(name)
        if value is None:
            return default
        if not re.fullmatch(r"0(\.\d{1,6})?|1(\.0{1,6})?", value, re.ASCII):
            self.fault(name, "must be a share of 1, such as 0.25")
            return default
        return float(value)

    def service_bus(self, name: str) -> _ServiceBus:
        return _ServiceBus(
            connection=self.text(name),
            namespace=self.text(f"{name}__fullyQualifiedNamespace"),
            client_id=self.text(f"{name}__clientId"),
        )

    def address(self, name: str, *, local: bool) -> str | None:
        return self._checked(name, lambda value: address_fault(value, local=local))

    def public_address(self, name: str, *, local: bool) -> str | None:
        """Where people reach this app: as it is set, else as Azure calls it."""
        host = self.text(_ON_AZURE_AT) if self.is_on_azure else None
        return (self.address(name, local=local) or (f"https://{host}" if host else "")).rstrip("/") or None

    def authority(self, name: str, *, default: str) -> str:
        # https even on a developer's machine: azure-identity refuses anything else.
        def fault(value: str) -> str | None:
            return address_fault(value, local=True) if value.startswith("https:") else "must start with https://"

        return (self._checked(name, fault) or default).rstrip("/")

    def key_hash(self, name: str) -> str | None:
        is_hash = re.compile(r"[0-9a-f]{64}").fullmatch
        return self._checked(name, lambda value: None if is_hash(value) else "must be SHA-256 in lower-case hex")

    def duration(self, name: str, *, default: str) -> timedelta:
        span = _duration(self.text(name) or default)
        if not span:
            self.fault(name, f"must be an ISO 8601 duration, such as {default}")
        return span or timedelta.max

    def durations(self, name: str, *, default: str) -> tuple[timedelta, ...]:
        values = (self.text(name) or default).split(",")
        spans = tuple(_duration(value.strip()) for value in values)
        whole = tuple(span for span in spans if span)
        if len(whole) != len(spans) or len(spans) > _LONGEST_LIST:
            self.fault(name, "must be ISO 8601 durations, such as PT30S,PT2M")
            return (timedelta(0),)
        return whole

    def names_of_groups(self, name: str) -> Mapping[str, tuple[str, ...]]:
        """GLNs by an Entra group's object id: `{"<object id>": ["<gln>", ...] or "*"}`."""
        try:
            groups = json.loads(self.text(name) or "{}")
            found = {str(group).lower(): (glns,) if glns == "*" else tuple(glns) for group, glns in groups.items()}
            if all(isinstance(gln, str) and _GROUP_MEMBER.fullmatch(gln) for glns in found.values() for gln in glns):
                return found
        except (ValueError, AttributeError, TypeError):
            pass
        self.fault(name, 'must be JSON: {"<object id of a group>": ["<GLN>", ...] or "*"}')
        return {}

    def _checked(self, name: str, fault_of: Callable[[str], str | None]) -> str | None:
        value = self.text(name)
        fault = fault_of(value) if value is not None else None
        if fault is not None:
            self.fault(name, fault)
        return value


def _duration(text: str) -> timedelta | None:
    parts = _DURATION.fullmatch(text)
    if parts is None:
        return None
    years, days, hours, minutes, seconds = (int(part or 0) for part in parts.groups())
    # Leap years counted in, and what is left of a day rounded up: what is kept for years is never kept too short.
    return timedelta(days=-(-years * 1461 // 4) + days, hours=hours, minutes=minutes, seconds=seconds)
