"""Which messages a subscription's rule lets through: the SQL subset with its three values, and correlation."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from local.service_bus import read_topology
from local.service_bus.rules import CorrelationRule, SqlRule
from local.service_bus.sql import SqlSyntaxError, compile_sql


@dataclass(frozen=True)
class Message:
    """`user` by case-folded name, as the broker keeps it."""

    system: dict[str, Any] = field(default_factory=dict)
    user: dict[str, Any] = field(default_factory=dict)


MESSAGE = Message(
    system={"Label": "contract", "MessageId": "m-1"},
    user={"colour": "red", "size": 7, "weight": 2.5, "open": True, "empty": "", "quote": "it's", "rate": "50%"},
)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("colour = 'red'", True),
        ("COLOUR = 'red'", True),
        ("colour = 'Red'", False),
        ("user.colour = 'red'", True),
        ("[colour] = 'red' AND \"size\" = 7", True),
        ("sys.Label = 'contract'", True),
        ("SYS.messageid <> 'm-2'", True),
        ("Label = 'contract'", None),
        ("sys.To = 'x'", None),
        ("size > 6 AND size >= 7 AND size < 8 AND size <= 7", True),
        ("size != 7", False),
        ("size = 7.0", True),
        ("weight > -1.5e0", True),
        ("size = '7'", None),
        ("open = TRUE", True),
        ("open = 1", None),
        ("quote = 'it''s'", True),
        ("empty = ''", True),
        ("missing = 'x'", None),
        ("missing <> 'x'", None),
        ("NOT missing = 'x'", None),
        ("missing = 'x' OR colour = 'red'", True),
        ("missing = 'x' OR colour = 'blue'", None),
        ("missing = 'x' AND colour = 'blue'", False),
        ("missing = 'x' AND colour = 'red'", None),
        ("EXISTS(colour)", True),
        ("EXISTS(missing)", False),
        ("NOT EXISTS(sys.To)", True),
        ("missing IS NULL", True),
        ("colour IS NOT NULL", True),
        ("colour IS NULL", False),
        ("colour IN ('blue', 'red')", True),
        ("colour IN ('blue')", False),
        ("colour NOT IN ('blue')", True),
        ("missing IN ('blue')", None),
        ("missing NOT IN ('blue')", None),
        ("colour IN ('blue', NULL)", None),
        ("colour NOT IN ('blue', NULL)", None),
        ("size IN (6, 7)", True),
        ("colour LIKE 'r%'", True),
        ("colour LIKE '_ed'", True),
        ("colour LIKE 'r'", False),
        ("colour LIKE '.*'", False),
        ("colour NOT LIKE 'b%'", True),
        ("rate LIKE '50!%' ESCAPE '!'", True),
        ("colour LIKE 'r!%' ESCAPE '!'", False),
        ("missing LIKE '%'", None),
        ("size LIKE '%'", None),
        ("colour = 'blue' AND size = 1 OR open = TRUE", True),
        ("colour = 'blue' AND (size = 1 OR open = TRUE)", False),
        ("NOT colour = 'blue' AND size = 1", False),
        ("not (colour = 'blue' and size = 1)", True),
        ("1 = 1", True),
    ],
)
def test_an_expression_is_true_false_or_unknown(expression: str, expected: bool | None) -> None:
    assert compile_sql(expression)(MESSAGE) is expected
    assert SqlRule("rule", expression).matches(MESSAGE) is (expected is True)


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "colour",
        "colour =",
        "colour = 'red",
        "colour = 'red' AND",
        "colour = 'red' size = 7",
        "(colour = 'red'",
        "colour = 'red')",
        "EXISTS colour",
        "EXISTS('colour')",
        "colour IN ()",
        "colour LIKE size",
        "colour IS 'red'",
        "colour NOT = 'red'",
        "sys.Colour = 'red'",
        "other.colour = 'red'",
        "size + 1 = 8",
        "size = 7; DROP",
    ],
)
def test_what_is_not_in_the_subset_is_refused_before_any_message(expression: str) -> None:
    with pytest.raises(SqlSyntaxError):
        SqlRule("rule", expression)


def test_a_fault_is_said_with_its_place() -> None:
    with pytest.raises(SqlSyntaxError, match=r"a comparison at character 8 of: colour 'red'"):
        compile_sql("colour 'red'")


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (CorrelationRule("r", {"Label": "contract"}), True),
        (CorrelationRule("r", {"Label": "Contract"}), False),
        (CorrelationRule("r", {"Label": "contract", "To": "x"}), False),
        (CorrelationRule("r", {}, {"Colour": "red", "size": 7}), True),
        (CorrelationRule("r", {"Label": "contract"}, {"size": "7"}), False),
        (CorrelationRule("r", {}, {"missing": "x"}), False),
    ],
)
def test_a_correlation_rule_compares_everything_it_names(rule: CorrelationRule, expected: bool) -> None:
    assert rule.matches(MESSAGE) is expected


@pytest.mark.parametrize(
    ("user", "passes"),
    [
        ({}, True),
        ({"servicetype": "ChargingAgreement"}, True),
        ({"servicetype": "Grid"}, False),
        ({"eventname": "ContractActivated"}, True),
        ({"eventname": "ContractUpdated", "servicetype": "ChargingAgreement"}, True),
        ({"eventname": "ContractTerminated", "servicetype": "Grid"}, False),
        ({"eventname": "MeterReplaced", "servicetype": "ChargingAgreement"}, False),
        ({"eventname": 7}, False),
    ],
)
def test_the_projects_own_rule_passes_contract_events_and_what_says_nothing(user: dict[str, Any], passes: bool) -> None:
    (rule,) = read_topology().topics[0].subscriptions[0].rules
    assert rule.matches(Message(user=user)) is passes
