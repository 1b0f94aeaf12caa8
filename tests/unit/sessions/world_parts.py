"""What a world is made of: a clock that stands, a queue that remembers, rows that let others run."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from local.sandbox import RunningSandbox
from shared.json_documents import parse_json
from shared.settings import Settings, read_settings
from shared.storage.memory_rows import MemoryRows
from tests.unit.sessions.platform_messages import NOW


class HeldClock:
    """A clock that stands until it is moved."""

    def __init__(self, at: datetime = NOW) -> None:
        self.at = at

    def now(self) -> datetime:
        """Where it stands."""
        return self.at

    def move(self, **by: float) -> None:
        """Moves it on."""
        self.at += timedelta(**by)


@dataclass
class Asked:
    """What was asked of the deliveries queue. `is_away`: asking gets lost, as when the broker is away."""

    requests: list[dict[str, str]] = field(default_factory=list)
    is_away: bool = False

    async def ask_for_attempt(self, *, gln: str, session_id: str, transaction_id: str) -> None:
        """See `Dispatch`."""
        if not self.is_away:
            self.requests.append({"gln": gln, "session_id": session_id, "transaction_id": transaction_id})


@dataclass(frozen=True)
class Reply:
    """What an HTTP function answered."""

    status: int
    body: bytes

    @property
    def document(self) -> Any:
        """The body as JSON, numbers exact."""
        return parse_json(self.body)

    @property
    def faults(self) -> dict[str, str]:
        """What was wrong, by field."""
        return {fault["field"]: fault["message"] for fault in self.document["errors"]}


class YieldingRows(MemoryRows):
    """Rows that let others run before each operation, as every store that is reached over a network does."""

    async def read(self, **what: Any) -> Any:
        """See `Rows.read`."""
        await asyncio.sleep(0)
        return await super().read(**what)

    async def query(self, **what: Any) -> Any:
        """See `Rows.query`."""
        await asyncio.sleep(0)
        return await super().query(**what)

    async def commit(self, **what: Any) -> Any:
        """See `Rows.commit`."""
        await asyncio.sleep(0)
        return await super().commit(**what)


def world_settings(sandbox: RunningSandbox | None) -> Settings:
    """The settings of a process whose other side is the sandbox, or nobody."""
    return read_settings(
        {
            "ContractEventsTopic": "contracts",
            "ServiceBusConnection": "Endpoint=sb://127.0.0.1:1;SharedAccessKeyName=n;SharedAccessKey=k;",
            "TableStorage": "UseDevelopmentStorage=true",
            "AllowLocalSecretStore": "true",
            "AllowLocalAddresses": "true",
            "AllowDevelopmentSignIn": "true",
            "EntraAuthority": sandbox.tls_url if sandbox else "https://127.0.0.1:9",
            **({"EntraCaBundle": str(sandbox.ca_bundle)} if sandbox else {}),
        }
    )
