"""What an operator needs to be connected, item by item: what was measured, and what comes next."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from shared.delivery import Blockade, BlockKind, DeliveryState
from shared.operators import Operator, Scope, State

from .standing import LOOKED_BACK, Heard, Standing


class Known(StrEnum):
    """What is known of an item. Some only a person can know."""

    DONE = "done"
    MISSING = "missing"
    ASK = "only a person knows"
    NOT_NEEDED = "not needed"


@dataclass(frozen=True, kw_only=True)
class Item:
    """`because` is what was measured, or what to ask; `next_step` what to do, on the operator's page named `tab`."""

    name: str
    known: Known
    because: str
    next_step: str | None = None
    tab: str | None = None


def checklist(
    *,
    operator: Operator,
    standing: Standing,
    blockade: Blockade | None,
    scopes: Collection[Scope],
    site_has_tariff: bool,
    default_tariff_is_there: bool,
    topic: str,
) -> list[Item]:
    """The list of the handover, and what comes after it. `scopes` are those for which a key holds."""
    return [
        _credentials(operator, standing, blockade),
        _known_to_utility_cloud(operator, standing),
        _topic_handed_over(standing, topic),
        _events(standing),
        _gln(operator, standing),
        Item(
            name="Tailored service types are in the production tenant",
            known=Known.ASK,
            because="Utility Cloud moves them from the staging tenant to the production tenant; nothing that reaches "
            "us says so. Ask Utility Cloud before the first customer goes live.",
        ),
        _key(Scope.UTILITY_CLOUD, scopes, "Utility Cloud has a key to look up lines and drivers"),
        _key(Scope.CHARGING_PLATFORM, scopes, "The charging platform has a key to send sessions"),
        _price(operator, site_has_tariff=site_has_tariff, default_is_there=default_tariff_is_there),
        _default_site(operator),
        _first_driver(standing),
        _first_line(operator, standing),
        _live(operator),
    ]


def _credentials(operator: Operator, standing: Standing, blockade: Blockade | None) -> Item:
    name = "Client id and secret are given, and Microsoft Entra accepts them"
    entra = operator.entra
    if entra is None or entra.client_secret is None:
        return Item(
            name=name,
            known=Known.MISSING,
            because="No client id is set." if entra is None else "The client id is set, the secret is not.",
            next_step="The operator makes an app registration in its Entra directory. Enter its directory id, client "
            "id, scope and secret in Advanced settings",
            tab="settings",
        )
    if blockade is not None and blockade.kind is BlockKind.TOKEN:
        return Item(
            name=name,
            known=Known.MISSING,
            because=f"Entra refuses them: {blockade.reason}",
            next_step="Enter a new secret in Advanced settings",
            tab="settings",
        )
    if standing.heard.token_is_given:
        return Item(name=name, known=Known.DONE, because="Entra gave a token when it was last asked.")
    if standing.heard.token is None and standing.last_delivered is not None:
        return Item(name=name, known=Known.DONE, because="Lines were sent with them.")
    return Item(
        name=name,
        known=Known.MISSING,
        because="They are given. "
        + (
            f"Entra was not asked for a token{_as_far_as_looked(standing.heard)}."
            if standing.heard.token is None
            else f"Entra gave no token when it was last asked: {standing.heard.token.message}"
        ),
        next_step="Test the connection",
        tab="connection-test",
    )


def _as_far_as_looked(heard: Heard) -> str:
    if heard.is_cut:
        return " as far as the newest entries of the log tell"
    return f" in the last {LOOKED_BACK.days} days"


def _known_to_utility_cloud(operator: Operator, standing: Standing) -> Item:
    name = "Utility Cloud has the same client id"
    if standing.last_delivered is not None:
        return Item(name=name, known=Known.DONE, because="Utility Cloud took a line that was sent with it.")
    client_id = operator.entra.client_id if operator.entra else None
    return Item(
        name=name,
        known=Known.ASK,
        because="Until a line is delivered only Utility Cloud can say so. "
        + (f"Ask whether it has the client id {client_id}." if client_id else "Enter the client id here first."),
    )


def _topic_handed_over(standing: Standing, topic: str) -> Item:
    name = "Utility Cloud has the address of the Service Bus topic"
    if standing.events_arrive:
        return Item(name=name, known=Known.DONE, because="Contract events arrive.")
    return Item(
        name=name,
        known=Known.ASK,
        because="Until an event comes only whoever handed it over can say so. Utility Cloud needs a connection string "
        f"that may send to the topic {topic}.",
    )


def _events(standing: Standing) -> Item:
    name = "Contract events of service type ChargingAgreement arrive"
    if standing.events_arrive:
        return Item(name=name, known=Known.DONE, because="An event of this service type has come for this operator.")
    return Item(
        name=name,
        known=Known.MISSING,
        because=f"No contract event has come{_as_far_as_looked(standing.heard)}.",
        next_step="Utility Cloud enables ChargingAgreement on the tenant, and forwards ContractActivated, "
        "ContractUpdated and ContractTerminated to the topic. If it says that it has sent some, look at Dead letters",
        tab="dead-letters",
    )


def _gln(operator: Operator, standing: Standing) -> Item:
    name = "The tenant's GLN is confirmed"
    if standing.events_arrive:
        return Item(name=name, known=Known.DONE, because=f"An event has come for the tenant {operator.gln}.")
    return Item(
        name=name,
        known=Known.MISSING,
        because=f"No event has come for the tenant {operator.gln}{_as_far_as_looked(standing.heard)}.",
        next_step=f"Ask Utility Cloud to confirm that {operator.gln} is the tenant's GLN. If its events carry another "
        "one, the operator is to be set up under that one",
    )


def _key(scope: Scope, scopes: Collection[Scope], name: str) -> Item:
    if scope in scopes:
        return Item(name=name, known=Known.DONE, because=f"A key of scope {scope} holds.")
    return Item(
        name=name,
        known=Known.MISSING,
        because=f"No key of scope {scope} holds.",
        next_step="Issue one, and hand it over",
        tab="keys",
    )


def _price(operator: Operator, *, site_has_tariff: bool, default_is_there: bool) -> Item:
    name = "Sessions have a tariff"
    if not operator.is_priced_here:
        return Item(name=name, known=Known.NOT_NEEDED, because="Utility Cloud prices the meter values itself.")
    if operator.default_tariff_id is not None and not default_is_there:
        return Item(
            name=name,
            known=Known.MISSING,
            because=f"The default tariff is {operator.default_tariff_id}, which is not there: sessions are held.",
            next_step="Enter it, or choose another one in Advanced settings",
            tab="tariffs",
        )
    if operator.default_tariff_id is not None:
        return Item(name=name, known=Known.DONE, because=f"The default tariff is {operator.default_tariff_id}.")
    if site_has_tariff or any(product.tariff_id for product in operator.products):
        return Item(
            name=name,
            known=Known.DONE,
            because="Sites or products have one. There is no default: a session that none of them covers is held.",
        )
    return Item(
        name=name,
        known=Known.MISSING,
        because="There is no default tariff, and no site or product has one: every session would be held.",
        next_step="Enter a tariff, then make it the default in Advanced settings or give it to a site",
        tab="tariffs",
    )


def _default_site(operator: Operator) -> Item:
    name = "New drivers have a site"
    if operator.default_site_id is not None:
        return Item(name=name, known=Known.DONE, because=f"The default site is {operator.default_site_id}.")
    return Item(
        name=name,
        known=Known.NOT_NEEDED,
        because="There is no default site: a driver whose contract and product name none charges at public sites.",
        next_step="Choose a default site in Advanced settings, if there are private sites for all",
        tab="settings",
    )


def _first_driver(standing: Standing) -> Item:
    name = "The first driver is there"
    if standing.has_driver:
        return Item(name=name, known=Known.DONE, because="A contract event has made one.")
    return Item(
        name=name,
        known=Known.MISSING,
        because="No contract event has made one yet.",
        next_step="Have a contract activated in Utility Cloud, and look for it in Drivers",
        tab="drivers",
    )


def _first_line(operator: Operator, standing: Standing) -> Item:
    name = "The first line is there"
    if standing.last_delivered is not None:
        return Item(name=name, known=Known.DONE, because="Utility Cloud has taken one.")
    if standing.lines[DeliveryState.REHEARSED]:
        return Item(name=name, known=Known.DONE, because="One was rehearsed: priced and shown, not sent.")
    waiting = any(standing.lines.values())
    return Item(
        name=name,
        known=Known.MISSING,
        because="Lines are there, none is delivered yet." if waiting else "No session has become a line yet.",
        next_step="See in Deliveries what they wait for" if waiting else "Charge once, and look for it in Sessions",
        tab="deliveries" if waiting else "sessions",
    )


def _live(operator: Operator) -> Item:
    name = "Lines are sent"
    if operator.state is State.LIVE:
        return Item(name=name, known=Known.DONE, because="The operator is live.")
    return Item(
        name=name,
        known=Known.MISSING,
        because="The operator is in rehearsal: everything happens, nothing is sent.",
        next_step="When the rehearsed lines are right, set the state to live in Advanced settings",
        tab="settings",
    )
