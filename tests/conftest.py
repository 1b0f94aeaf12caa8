"""What holds for all tests."""

from hypothesis import HealthCheck, settings

# How long an example takes says as much about what else the machine does as about the code.
settings.register_profile("patient", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")
