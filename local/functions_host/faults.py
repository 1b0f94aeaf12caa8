"""What keeps the host from starting."""


class ConfigurationFault(Exception):
    """A setting, host.json, a route or a binding is wrong; the message names it and says what is expected."""
