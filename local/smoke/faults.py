"""How the smoke test ends when it does not end well."""


class SmokeFailed(Exception):
    """The app did not do what it should; the message says what was asked, and what came instead."""


class SmokeImpossible(Exception):
    """The test cannot be run as it was asked for: nothing is said of the app."""
