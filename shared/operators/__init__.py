"""Operators, their sites, chargers, tariffs and spot prices, and who may act for them."""

from .api_key import ApiKey, IssuedKey, KeyEnded, KeyIssuedAlready, KeyRotatedAlready, RequestIdTaken
from .api_keys import ApiKeys
from .caller import ANYONE, Caller, Scope, ScopeMissing
from .changes import Change, Changed, changes_between
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
    SpotPricesAnswer,
    SpotPricesDocument,
    SpotPriceSummaryAnswer,
    TariffDocument,
)
from .fields import CalendarDate, calendar_date, id_fault, pattern_fault
from .import_plan import ImportPlan, plan_import
from .import_sites import Imported, NotImported, import_sites
from .learning import Learning
from .notice_settings import NoticeKind, NoticeSettings
from .operator import (
    ChargingPlatform,
    Entra,
    LineLookup,
    Mode,
    NullMeans,
    Operator,
    Product,
    Rehearsal,
    State,
    UtilityCloud,
    accounting_point_fault,
)
from .page import Page
from .put_charger import put_charger
from .put_operator import put_operator
from .put_site import put_site
from .put_spot_prices import put_spot_prices
from .put_tariff import put_tariff, tariff_of
from .rate_limit import RateLimit, TooManyRequests
from .register import Put, StaleDocument, VersionStore
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
from .site_sheet import SheetUnreadable, read_sheet, written_sheet
from .site_tree import SiteInEffect, SiteRow, in_effect, listed_chargers, listed_sites, path_in_force, site_rows
from .spot_price_day import SpotPriceDay, SpotPriceSummary
from .spot_price_document import spot_day_of
from .stores import ChargerStore, OperatorStore, SpotPriceStore
from .timed_cache import TimedCache
from .versions import Entry, Version

__all__ = [
    "ANYONE",
    "Access",
    "ApiKey",
    "ApiKeys",
    "CalendarDate",
    "Caller",
    "Change",
    "Changed",
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
    "ImportPlan",
    "Imported",
    "IssuedKey",
    "IssuedKeyAnswer",
    "KeyAnswer",
    "KeyDocument",
    "KeyEnded",
    "KeyIssuedAlready",
    "KeyRotatedAlready",
    "Learning",
    "LineLookup",
    "Listed",
    "Mode",
    "NotImported",
    "NoticeKind",
    "NoticeSettings",
    "NullMeans",
    "Operator",
    "OperatorDocument",
    "OperatorSecrets",
    "OperatorStore",
    "Page",
    "Product",
    "Put",
    "RateLimit",
    "Rehearsal",
    "RequestIdTaken",
    "RevenueShare",
    "Scope",
    "ScopeMissing",
    "SecretName",
    "SecretUnavailable",
    "SheetUnreadable",
    "Site",
    "SiteDocument",
    "SiteInEffect",
    "SiteRow",
    "SiteVersion",
    "SpotPriceDay",
    "SpotPriceStore",
    "SpotPriceSummary",
    "SpotPriceSummaryAnswer",
    "SpotPricesAnswer",
    "SpotPricesDocument",
    "StaleDocument",
    "State",
    "TariffDocument",
    "TimedCache",
    "TooManyRequests",
    "UtilityCloud",
    "Version",
    "VersionStore",
    "accounting_point_fault",
    "calendar_date",
    "changes_between",
    "id_fault",
    "import_sites",
    "in_effect",
    "inherited",
    "inherited_access",
    "inherited_revenue_share",
    "inherited_tariff_id",
    "listed_chargers",
    "listed_sites",
    "path_in_force",
    "pattern_fault",
    "plan_import",
    "put_charger",
    "put_operator",
    "put_site",
    "put_spot_prices",
    "put_tariff",
    "read_sheet",
    "site_path",
    "site_rows",
    "spot_day_of",
    "tariff_of",
    "written_sheet",
]
