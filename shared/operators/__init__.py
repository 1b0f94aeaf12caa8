"""Operators, their sites, chargers and tariffs, and who may act for them."""

from .api_key import ApiKey, IssuedKey, KeyEnded
from .api_keys import ApiKeys
from .caller import ANYONE, Caller, Scope, ScopeMissing
from .charger import Charger, ChargerFacts
from .directory import Directory
from .documents import (
    ChargerAnswer,
    ChargerDocument,
    Healthy,
    IssuedKeyAnswer,
    KeyAnswer,
    KeyDocument,
    Listed,
    OperatorDocument,
    SiteDocument,
    SiteVersion,
    TariffDocument,
)
from .fields import id_fault
from .learning import Learning
from .operator import (
    ChargingPlatform,
    Entra,
    LineLookup,
    Mode,
    NullMeans,
    Operator,
    Product,
    State,
    UtilityCloud,
    accounting_point_fault,
)
from .page import Page
from .put_charger import put_charger
from .put_operator import put_operator
from .put_site import put_site
from .put_tariff import put_tariff
from .rate_limit import RateLimit, TooManyRequests
from .register import StaleDocument, VersionStore
from .secrets import OperatorSecrets, SecretName, SecretUnavailable
from .site import (
    Access,
    RevenueShare,
    Site,
    inherited,
    inherited_access,
    inherited_revenue_share,
    inherited_tariff_id,
    site_path,
)
from .stores import ChargerStore, OperatorStore
from .versions import Entry, Version

__all__ = [
    "ANYONE",
    "Access",
    "ApiKey",
    "ApiKeys",
    "Caller",
    "Charger",
    "ChargerAnswer",
    "ChargerDocument",
    "ChargerFacts",
    "ChargerStore",
    "ChargingPlatform",
    "Directory",
    "Entra",
    "Entry",
    "Healthy",
    "IssuedKey",
    "IssuedKeyAnswer",
    "KeyAnswer",
    "KeyDocument",
    "KeyEnded",
    "Learning",
    "LineLookup",
    "Listed",
    "Mode",
    "NullMeans",
    "Operator",
    "OperatorDocument",
    "OperatorSecrets",
    "OperatorStore",
    "Page",
    "Product",
    "RateLimit",
    "RevenueShare",
    "Scope",
    "ScopeMissing",
    "SecretName",
    "SecretUnavailable",
    "Site",
    "SiteDocument",
    "SiteVersion",
    "StaleDocument",
    "State",
    "TariffDocument",
    "TooManyRequests",
    "UtilityCloud",
    "Version",
    "VersionStore",
    "accounting_point_fault",
    "id_fault",
    "inherited",
    "inherited_access",
    "inherited_revenue_share",
    "inherited_tariff_id",
    "put_charger",
    "put_operator",
    "put_site",
    "put_tariff",
    "site_path",
]
