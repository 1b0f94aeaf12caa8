"""Billing: the lines that sessions became."""

from .line import NO_SITE, CostedLine, Line, MeteredLine, MeterValue

__all__ = ["NO_SITE", "CostedLine", "Line", "MeterValue", "MeteredLine"]
