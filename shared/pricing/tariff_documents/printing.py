"""A tariff as JSON, in OCPI's spelling."""

from datetime import UTC, date, datetime, time
from enum import StrEnum

from ..energy_mix import EnergyMix
from ..restrictions import Restrictions
from ..tariff import Fee, PriceComponent, PriceLimit, SpotTerms, Tariff, TariffElement
from .component_document import SpotKind


def tariff_as_document(tariff: Tariff) -> dict[str, object]:
    """The tariff as OCPI writes it, snake_case, absent fields left out; amounts are Decimals, instants texts in UTC.

    `parse_tariff` makes an equal tariff of it.
    """
    return _present(
        id=tariff.id,
        currency=tariff.currency,
        tax_included=tariff.tax_included,
        elements=[_element(element) for element in tariff.elements],
        min_price=_limit(tariff.min_price),
        max_price=_limit(tariff.max_price),
        start_date_time=_instant(tariff.starts),
        end_date_time=_instant(tariff.ends),
        country_code=tariff.country_code,
        party_id=tariff.party_id,
        type=tariff.type,
        tariff_alt_text=[{"language": alt.language, "text": alt.text} for alt in tariff.tariff_alt_text],
        tariff_alt_url=tariff.tariff_alt_url,
        energy_mix=_energy_mix(tariff.energy_mix),
        preauthorize_amount=tariff.preauthorize_amount,
        last_updated=tariff.last_updated,
    )


def _element(element: TariffElement) -> dict[str, object]:
    return _present(
        price_components=[_component(component) for component in element.components],
        restrictions=_restrictions(element.restrictions),
    )


def _component(component: PriceComponent | Fee) -> dict[str, object]:
    if isinstance(component, Fee):
        kind, price, spot = component.kind.value, component.price, None
    elif component.spot is None:
        kind, price, spot = component.dimension.value, component.price, None
    else:
        kind = (SpotKind.ENERGY_SPOT_LOCKED if component.spot.is_locked else SpotKind.ENERGY_SPOT).value
        price, spot = None, component.spot
    return _present(type=kind, price=price, vat=component.vat, step_size=component.step_size) | _spot_terms(spot)


def _spot_terms(spot: SpotTerms | None) -> dict[str, object]:
    if spot is None:
        return {}
    return _present(
        bidding_zone=spot.bidding_zone,
        margin=spot.margin,
        margin_percentage=spot.margin_percentage,
        price_cap=spot.price_cap,
        cost_percentage=spot.cost_percentage,
    )


def _restrictions(restrictions: Restrictions) -> dict[str, object] | None:
    printed = _present(
        start_time=_minute(restrictions.start_time),
        end_time=_minute(restrictions.end_time),
        start_date=_day(restrictions.start_date),
        end_date=_day(restrictions.end_date),
        min_kwh=restrictions.min_kwh,
        max_kwh=restrictions.max_kwh,
        min_current=restrictions.min_current,
        max_current=restrictions.max_current,
        min_power=restrictions.min_power,
        max_power=restrictions.max_power,
        min_duration=restrictions.min_duration,
        max_duration=restrictions.max_duration,
        day_of_week=_words(restrictions.day_of_week),
        reservation=None if restrictions.reservation is None else restrictions.reservation.value,
    )
    return printed or None


def _limit(limit: PriceLimit | None) -> dict[str, object] | None:
    return None if limit is None else _present(excl_vat=limit.excl, incl_vat=limit.incl)


def _energy_mix(mix: EnergyMix | None) -> dict[str, object] | None:
    if mix is None:
        return None
    return _present(
        is_green_energy=mix.is_green_energy,
        energy_sources=[{"source": each.source, "percentage": each.percentage} for each in mix.energy_sources],
        environ_impact=[{"category": each.category, "amount": each.amount} for each in mix.environ_impact],
        supplier_name=mix.supplier_name,
        energy_product_name=mix.energy_product_name,
    )


def _present(**fields: object) -> dict[str, object]:
    """Without what is absent: None, and lists without an entry."""
    return {name: value for name, value in fields.items() if value is not None and value != []}


def _words(members: tuple[StrEnum, ...]) -> list[str]:
    return [each.value for each in members]


def _minute(local: time | None) -> str | None:
    return None if local is None else local.isoformat("minutes")


def _day(local: date | None) -> str | None:
    return None if local is None else local.isoformat()


def _instant(instant: datetime | None) -> str | None:
    return None if instant is None else instant.astimezone(UTC).isoformat().replace("+00:00", "Z")
