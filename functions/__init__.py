"""The doors: one file per caller. The only place that knows azure.functions."""
