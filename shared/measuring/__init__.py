"""Measuring: how much waits, and for how long, told as gauges."""

from .measuring import Backlogs, Measuring

__all__ = ["Backlogs", "Measuring"]
