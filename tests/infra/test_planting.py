"""A planted fault that no longer fits says so itself, so that nobody looks for the fault in the templates."""

import pytest

from tests.infra.bicep import PlantIsStale, Templates, planted


@pytest.mark.parametrize(("text", "times"), [("threshold: 7200", 0), ("threshold: 3600 // not threshold: 3600", 2)])
def test_a_plant_whose_text_is_gone_or_there_twice_is_stale(text: str, times: int) -> None:
    with pytest.raises(PlantIsStale, match="the planted fault is stale") as raised:
        planted(text, "threshold: 3600", "threshold: 1", where="alerts.bicep")
    assert (raised.value.where, raised.value.old, raised.value.times) == ("alerts.bicep", "threshold: 3600", times)


@pytest.mark.parametrize("path", ["modules/alerts.bicep", "stages.json"])
def test_templates_say_in_which_file_a_plant_is_stale(templates: Templates, path: str) -> None:
    with pytest.raises(PlantIsStale, match=f"stale.* {path} has 'nothing like it' 0 times"):
        templates.altered(path, "nothing like it", "")


def test_a_plant_that_fits_replaces_what_stands_there() -> None:
    assert planted("a: 1, b: 1", "b: 1", "b: 2", where="x.bicep") == "a: 1, b: 2"
