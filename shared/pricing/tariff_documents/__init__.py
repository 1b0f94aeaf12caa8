"""Tariffs as JSON, in OCPI's and the charging platform's spelling: read with every fault named, and printed."""

from pydantic.alias_generators import to_camel

from .document import KEPT
from .parsing import FieldFault, TariffRefused, parse_tariff
from .printing import tariff_as_document

KEPT_FIELDS = frozenset(KEPT) | {to_camel(name) for name in KEPT}
"""The fields that say nothing about the price, in both spellings."""

__all__ = ["KEPT_FIELDS", "FieldFault", "TariffRefused", "parse_tariff", "tariff_as_document"]
