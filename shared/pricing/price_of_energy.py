"""What a kWh costs at a moment: for a picture of a tariff, where no session is."""

from datetime import datetime, timedelta
from decimal import Decimal

from .charging import Span
from .conditions import Moment
from .exact import exactly
from .prepared import prepared
from .pricer import check_in_force
from .spot_lookup import spot_price_for
from .spot_price import SpotPrices
from .tariff import Dimension, Tariff


def price_of_energy(
    *, tariff: Tariff, local: datetime, power_w: Decimal, current_a: Decimal, spot_prices: SpotPrices
) -> Decimal:
    """The price of a kWh incl. VAT at the start of a session that charges with this power and this current over all
    phases. `local` is the time at the site, with its time zone. 0 where no element has a price for energy; without a
    VAT rate it is the price itself.

    Raises TariffNotInForce, MissingSpotPrice, SpotPriceInOtherCurrency.
    """
    check_in_force(tariff, local)
    moment = Moment(
        period=0,
        local=local,
        energy_wh=Decimal(0),
        passed=timedelta(),
        power_w=lambda: Span(low=power_w, high=power_w),
        current_a=lambda: Span(low=current_a, high=current_a),
    )
    with exactly():
        match = prepared(tariff).matcher.match(Dimension.ENERGY, moment)
        if match.applied is None:
            return Decimal(0)
        price = match.applied.price
        spot = spot_price_for(match, at=local, started=local, prices=spot_prices, currency=tariff.currency)
        if spot is not None and price.spot is not None:
            return price.spot.price(spot.price) * match.applied.gross
        return price.price if tariff.includes_vat else price.price * match.applied.gross
