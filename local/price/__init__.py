"""`python -m local.price TARIFF.json CDR.json [--timezone Europe/Oslo] [--spot-prices FILE]`: prices an OCPI CDR."""

from .cdr import Cdr, parse_cdr
from .command import main
from .pricing import price_cdr
from .report import printed

__all__ = ["Cdr", "main", "parse_cdr", "price_cdr", "printed"]
