"""host.json: what this host uses of it, and what it refuses."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from local.functions_host.faults import ConfigurationFault

# Sessions, batches and the connection itself: nothing that a function run here could notice.
_AZURE_ONLY = {
    "clientRetryOptions",
    "transportType",
    "webProxy",
    "maxConcurrentCallsPerSession",
    "maxConcurrentSessions",
    "sessionIdleTimeout",
    "minMessageBatchSize",
    "maxMessageBatchSize",
    "maxBatchWaitTime",
    "enableCrossEntityTransactions",
}


def _time_span(value: Any) -> timedelta:
    """Azure writes HH:MM:SS; ISO durations and plain numbers, which pydantic would take, are wrong there."""
    hours, minutes, seconds = (int(part) for part in str(value).split(":"))
    return timedelta(hours=hours, minutes=minutes, seconds=seconds)


class HttpOptions(BaseModel):
    route_prefix: str = Field(default="api", alias="routePrefix")


class ServiceBusOptions(BaseModel):
    """The flat schema of extension 5. A name that it does not have would be ignored on Azure, so it is a fault here."""

    model_config = ConfigDict(extra="forbid")
    prefetch_count: Literal[0] = Field(default=0, alias="prefetchCount")
    auto_complete_messages: Literal[True] = Field(default=True, alias="autoCompleteMessages")
    max_auto_lock_renewal: Annotated[timedelta, BeforeValidator(_time_span)] = Field(
        default=timedelta(minutes=5), alias="maxAutoLockRenewalDuration"
    )
    max_concurrent_calls: int = Field(default=16, alias="maxConcurrentCalls", ge=1)

    @model_validator(mode="before")
    @classmethod
    def _leave_out_what_is_for_azure_only(cls, options: Any) -> Any:
        if not isinstance(options, dict):
            return options
        return {name: value for name, value in options.items() if name not in _AZURE_ONLY}


class Extensions(BaseModel):
    http: HttpOptions = HttpOptions()
    service_bus: ServiceBusOptions = Field(default_factory=ServiceBusOptions, alias="serviceBus")


class HostJson(BaseModel):
    version: Literal["2.0"]
    extensions: Extensions = Extensions()
    extension_bundle: dict[str, Any] | None = Field(default=None, alias="extensionBundle")


def read_host_json(*, app_folder: Path) -> HostJson:
    """Raises ConfigurationFault, with every fault of the file, when it is missing or is not what Azure would take."""
    path = app_folder / "host.json"
    try:
        return HostJson.model_validate_json(path.read_bytes())
    except OSError as error:
        raise ConfigurationFault(f"{path} cannot be read: {error.strerror}") from error
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, fault['loc'])) or 'file'}: {fault['msg']}" for fault in error.errors())
        raise ConfigurationFault(f"{path}: {faults}") from error
