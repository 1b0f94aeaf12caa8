"""The app's settings: local.settings.json below the process environment, which wins."""

import json
import os
import re
from pathlib import Path

from local.functions_host.faults import ConfigurationFault

# Where one broker is enough, one setting says where it is. Azure's host has no such thing: there both are set.
_STANDS_FOR = {"DeliveriesConnection": "ServiceBusConnection"}
_REFERENCE = re.compile(r"%([^%\s]+)%")
_TRUE = {"1", "true"}


def load_settings(*, app_folder: Path) -> None:
    """Puts the `Values` of local.settings.json, where there is one, into the environment; what is set there stays.

    Raises ConfigurationFault when the file cannot be read, is encrypted, or has a value that is not a string.
    """
    path = app_folder / "local.settings.json"
    if not path.exists():
        return
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except ValueError as error:
        raise ConfigurationFault(f"{path} is not JSON: {error}") from error
    values = content.get("Values") if isinstance(content, dict) else None
    if not isinstance(values, dict) or content.get("IsEncrypted"):
        raise ConfigurationFault(f'{path} must be an object with "Values" in plain text ("IsEncrypted": false)')
    wrong = [name for name, value in values.items() if not isinstance(value, str)]
    if wrong:
        raise ConfigurationFault(f"{path}: these values are not strings: {', '.join(wrong)}")
    for name, value in values.items():
        os.environ.setdefault(name, value)


def resolve(value: str) -> str:
    """`value` with each %NAME% replaced by that setting. Raises ConfigurationFault when one is missing or empty."""

    def setting(match: re.Match[str]) -> str:
        found = os.environ.get(match[1])
        if not found:
            raise ConfigurationFault(f"setting {match[1]} is missing (used as {match[0]})")
        return found

    return _REFERENCE.sub(setting, value)


def connection_string(name: str) -> str:
    """The setting that a binding's `connection` names, or the one that stands for it.

    Raises ConfigurationFault when there is none.
    """
    for candidate in (name, _STANDS_FOR.get(name, name)):
        for spelling in (f"AzureWebJobs{candidate}", candidate):
            if found := os.environ.get(spelling):
                return found
    raise ConfigurationFault(f"setting {name} is missing: a Service Bus connection string is needed")


def is_disabled(function_name: str) -> bool:
    """Whether AzureWebJobs.<function>.Disabled is set, in either of the spellings that Azure knows."""
    names = (f"AzureWebJobs.{function_name}.Disabled", f"AzureWebJobs__{function_name}__Disabled")
    return any(os.environ.get(name, "").strip().lower() in _TRUE for name in names)
