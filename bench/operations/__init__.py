"""Operations counted: what each thing costs in storage operations, messages, calls and bytes (docs/capacity.md)."""

from .all_counts import TIMERS, counts, figures_of, operations, runs_a_month, timer_name

__all__ = ["TIMERS", "counts", "figures_of", "operations", "runs_a_month", "timer_name"]
