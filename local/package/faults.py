"""Why there is no package."""


class PackageFaulty(Exception):
    """The package cannot be built, or must not be deployed; the message says what is wrong and what to do."""
