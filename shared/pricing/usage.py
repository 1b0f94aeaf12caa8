"""What was used in each stretch, one entry for each dimension, with the price that applies to it."""

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from .matching import Match
from .spot_price import SpotPrice
from .stretch import Stretch
from .tariff import Dimension

_ONCE = Decimal(1)


class Usage(NamedTuple):
    """`volume` of a dimension (Wh, seconds, 1 for FLAT) in the stretch with that number.

    `price` is that of a kWh, an hour or the session; None where the dimension is free.
    """

    stretch: int
    dimension: Dimension
    volume: Decimal
    match: Match
    price: Decimal | None
    spot: SpotPrice | None = None

    @property
    def vat(self) -> Decimal | None:
        """The rate in percent; None where there is none."""
        return self.match.applied.price.vat if self.match.applied else None


def usages(stretches: Sequence[Stretch]) -> list[Usage]:
    """Everything that was used, in the order of time. Call it within `exactly()`."""
    found = []
    for number, stretch in enumerate(stretches):
        if stretch.energy is not None and stretch.energy_wh:
            price = _price_of_energy(stretch.energy, stretch.spot)
            found.append(Usage(number, Dimension.ENERGY, stretch.energy_wh, stretch.energy, price, stretch.spot))
        for dimension, volume, match in (
            (Dimension.TIME, stretch.charging_seconds, stretch.charging),
            (Dimension.PARKING_TIME, stretch.parking_seconds, stretch.parking),
            (Dimension.FLAT, _ONCE, stretch.flat),
        ):
            if match is not None and volume:
                price = match.applied.price.price if match.applied else None
                found.append(Usage(number, dimension, volume, match, price))
    return found


def _price_of_energy(match: Match, spot: SpotPrice | None) -> Decimal | None:
    if match.applied is None:
        return None
    component = match.applied.price
    return component.spot.price(spot.price) if component.spot is not None and spot is not None else component.price
