"""The charging platform, asked: for sessions that it never told us of, and for the operator's sites."""

from .listed_site import SiteFault
from .platform import ChargingPlatformApi, NotSetUp, PlatformRefused, PlatformUnavailable
from .sweep import Sweep
from .sweep_state import SweepState, SweepStates, Trouble
from .take_over import TakeOver, TakeOverState, TakeOverStates
from .taken_over import TakenOver
from .taking_in import KnownSessions, TakingIn

__all__ = [
    "ChargingPlatformApi",
    "KnownSessions",
    "NotSetUp",
    "PlatformRefused",
    "PlatformUnavailable",
    "SiteFault",
    "Sweep",
    "SweepState",
    "SweepStates",
    "TakeOver",
    "TakeOverState",
    "TakeOverStates",
    "TakenOver",
    "TakingIn",
    "Trouble",
]
