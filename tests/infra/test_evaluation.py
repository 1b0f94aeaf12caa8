"""What the templates come to is evaluated as Bicep would, and what cannot be known says where it comes from."""

import pytest

from tests.infra.bicep import BicepFile, Opaque, Templates, Value, deploy

MODULE = """
param name string
param copies int = 2
param isOn bool
resource each 'A.B/c@2020-01-01' = [for i in range(0, copies): {
  name: '${name}-${i}'
}]
resource one 'A.B/d@2020-01-01' = if (isOn) {
  name: name
  scope: each[0]
  properties: { first: each[0].name, address: each[0].properties.address }
  resource inner 'e' = { name: 'inner' }
}
output upper string = '${name}!'
output address string = one.properties.address
"""
MAIN = """
param stage string
var stages = loadJsonContent('stages.json')
module first 'modules/m.bicep' = {
  params: { name: stages[stage].name, isOn: stage == 'production' && !empty(stages) }
}
module second 'modules/m.bicep' = if (stage == 'production') {
  params: { name: first.outputs.upper, copies: 1, isOn: true }
}
output upper string = first.outputs.upper
output address string = 'at ${first.outputs.address}'
output second string = second.?outputs.?upper ?? 'none'
"""
STAGES = '{"staging": {"name": "s"}, "production": {"name": "p"}}'


def templates(main: str) -> Templates:
    files = {"main.bicep": main, "modules/m.bicep": MODULE}
    return Templates(
        bicep={path: BicepFile(path, text) for path, text in files.items()}, others={"stages.json": STAGES}
    )


def value_of(expression: str) -> Value:
    names = "param p string = 'x'\nparam q string\nvar o = { a: [1, 2], b: { c: 'd' } }\n"
    text = f"{names}output x object = {expression}"
    return deploy(templates(text), {}).outputs["x"]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("'a${p}b\\'c\\\\'", "axb'c\\"),
        ("'\\${p} $Default'", "${p} $Default"),
        ("'''\na\n${p}'''", "a\n${p}"),
        ("o.a[1]", 2),
        ("o['b'].c", "d"),
        ("o.?nothing ?? 'other'", "other"),
        ("p == 'x' ? { a: true } : null", {"a": True}),
        ("[for (n, i) in o.a: { n: n, i: i }]", [{"n": 1, "i": 0}, {"n": 2, "i": 1}]),
        ("union({ a: 1, b: 1 }, { b: 2 })", {"a": 1, "b": 2}),
        ("empty(p) || !contains(o.a, 1)", False),
        ("-3 + (1 + 2) * 2", 3),
        ("split('a,b', ',')", ["a", "b"]),
        ("q", Opaque("q")),
        ("'${p}-${q}'", Opaque("x-${q}")),
        ("p != 'x' && q == 'y'", False),
        ("q == 'y' ? 1 : 2", Opaque("q == 'y' ? 1 : 2")),
        ("somethingNew(p)", Opaque("somethingNew(x)")),
    ],
)
def test_an_expression_comes_to_its_value(expression: str, expected: Value) -> None:
    assert value_of(expression) == expected


def test_a_name_that_nothing_declares_is_an_error() -> None:
    with pytest.raises(KeyError, match="nowhere is not declared"):
        value_of("[nowhere]")


def test_each_module_and_loop_makes_its_own_resources() -> None:
    stack = deploy(templates(MAIN), {"stage": "production"})
    assert [(found.type, found.name) for found in stack.resources] == [
        ("A.B/c", "p-0"),
        ("A.B/c", "p-1"),
        ("A.B/d", "p"),
        ("A.B/d/e", "inner"),
        ("A.B/c", "p!-0"),
        ("A.B/d", "p!"),
        ("A.B/d/e", "inner"),
    ]
    one = stack.of_type("a.b/D")[0]
    assert one.at("properties.first") == "p-0"
    assert one.at("properties.address") == Opaque("each.properties.address")
    assert one.scope == "A.B/c p-0"
    assert stack.outputs == {"upper": "p!", "address": Opaque("at ${one.properties.address}"), "second": "p!!"}


def test_what_a_condition_leaves_out_is_not_there() -> None:
    stack = deploy(templates(MAIN), {"stage": "staging"})
    assert [found.name for found in stack.resources] == ["s-0", "s-1"]
    assert stack.outputs["second"] == "none"
