"""The smoke test: one contract and one session through a running app, in rehearsal, so that nothing leaves it.

On the command line: `python -m local.smoke`. docs/delivery.md says what it proves and what it leaves behind.
"""
