"""Timers, and HTTP: the charging platform is asked for what it did not tell."""

import logging
from datetime import datetime
from typing import TYPE_CHECKING, Any

import azure.functions as func
from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from functions.http_endpoint import Answer, Call, Scope, endpoint
from shared.faults import StorageUnavailable
from shared.wiring import Wiring, wiring

if TYPE_CHECKING:
    from shared.charging_platform import Trouble

WAITED_FOR_SECONDS = 30

blueprint = func.Blueprint()
_log = logging.getLogger(__name__)
_ROUTE = "api/v1/operators/{gln}"


class _Document(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, defer_build=True)


class ChangedSiteDocument(_Document):
    """A site that was known, and what is new of it."""

    site_id: int
    fields: list[str]


class RefusedSiteDocument(_Document):
    """What of the list was not taken, and why; without a site id, of an item that has none."""

    site_id: int | None
    fault: str


class TakenOverDocument(_Document):
    """How many sites the platform has, which of them are new or changed, which are no longer in its list, and what of
    it could not be taken. What vanished stays as it is.
    """

    sites: int
    added: list[int]
    changed: list[ChangedSiteDocument]
    vanished: list[int]
    refused: list[RefusedSiteDocument]


class TroubleDocument(_Document):
    """Why the platform could not be asked. `refused`: until somebody changes the key or the address."""

    refused: bool
    explanation: str
    since: datetime


class SweepDocument(_Document):
    """All sessions that ended before `sweptUntil` were asked for at least once."""

    ran_at: datetime | None
    swept_until: datetime | None
    not_before: datetime | None
    trouble: TroubleDocument | None


class SitesDocument(_Document):
    """When the sites were taken over, how many there were, and what of them could not be taken."""

    taken_over_at: datetime | None
    sites: int
    faults: list[str]
    trouble: TroubleDocument | None


class ChargingPlatformStateDocument(_Document):
    """How asking the charging platform goes."""

    sweep: SweepDocument
    sites: SitesDocument


@blueprint.function_name("sweep_missed_sessions")
@blueprint.timer_trigger(arg_name="timer", schedule="0 */10 * * * *", run_on_startup=False, use_monitor=False)
async def sweep_missed_sessions(timer: func.TimerRequest) -> None:
    """Sessions that the charging platform never notified are taken in."""
    services = wiring()
    await services.background.at_most(
        sweep_alone(services), seconds=WAITED_FOR_SECONDS, name="sweeping for missed sessions"
    )


@blueprint.function_name("take_over_sites")
@blueprint.timer_trigger(arg_name="timer", schedule="0 45 1 * * *", run_on_startup=False, use_monitor=False)
async def take_over_sites(timer: func.TimerRequest) -> None:
    """The operators' sites are as the charging platform has them."""
    services = wiring()
    await services.background.at_most(take_over_alone(services), seconds=WAITED_FOR_SECONDS, name="taking sites over")


@endpoint(
    blueprint,
    "POST",
    _ROUTE + "/sites/take-over",
    scope=Scope.OPERATOR_ADMIN,
    answers={200: TakenOverDocument},
    summary="Take the sites and their tree over from the charging platform now; an operator's own entries stay",
)
async def take_over_sites_now(call: Call) -> Answer:
    taken = await wiring().take_over.take_over(call.operator)
    return Answer(document=taken.as_document())


@endpoint(
    blueprint,
    "GET",
    _ROUTE + "/charging-platform",
    scope=Scope.OPERATOR_ADMIN,
    answers={200: ChargingPlatformStateDocument},
    summary="How far the charging platform was asked for sessions and sites, and what stands in the way",
)
async def get_charging_platform(call: Call) -> Answer:
    from shared.charging_platform import SweepState, TakeOverState

    services = wiring()
    swept = await services.sweep_states.find(gln=call.gln)
    taken = await services.take_over_states.find(gln=call.gln)
    sweep = swept.value if swept else SweepState()
    sites = taken.value if taken else TakeOverState()
    shown = {
        "sweep": {
            "ranAt": sweep.ran_at,
            "sweptUntil": sweep.swept_until,
            "notBefore": sweep.not_before,
            "trouble": _trouble(sweep.trouble),
        },
        "sites": {
            "takenOverAt": sites.taken_over_at,
            "sites": len(sites.site_ids),
            "faults": list(sites.faults),
            "trouble": _trouble(sites.trouble),
        },
    }
    return Answer(document=shown)


async def sweep_alone(services: Wiring) -> None:
    """One run, unless another is under way somewhere. What cannot be reached now is left to the next one."""
    try:
        async with services.leases.held("sweep_missed_sessions") as is_ours:
            if is_ours:
                await services.sweep.run()
    except StorageUnavailable as error:
        _log.warning("the sweep for missed sessions waits for the next time: %s", error)


async def take_over_alone(services: Wiring) -> None:
    """As above."""
    try:
        async with services.leases.held("take_over_sites") as is_ours:
            if is_ours:
                await services.take_over.run()
    except StorageUnavailable as error:
        _log.warning("taking sites over waits for the next time: %s", error)


def _trouble(trouble: "Trouble | None") -> dict[str, Any] | None:
    if trouble is None:
        return None
    return {"refused": trouble.is_refused, "explanation": trouble.explanation, "since": trouble.since}
