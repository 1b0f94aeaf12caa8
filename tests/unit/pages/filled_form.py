"""What a browser sends of a form as it stands."""

from tests.unit.pages.visitor import Page


def filled(page: Page, selector: str = "form:has([name=revision])") -> dict[str, list[str] | str]:
    """The fields of the only such form with their values, without buttons and the page's token."""
    sent: dict[str, list[str]] = {}
    for control in page.one(selector).select("input[name], select[name], textarea[name]"):
        name, kind = str(control["name"]), control.get("type")
        if name == "csrf" or (kind in {"checkbox", "radio"} and not control.has_attr("checked")):
            continue
        if control.name == "select":
            chosen = control.select_one("option[selected]") or control.select_one("option")
            value = str(chosen["value"]) if chosen else ""
        elif control.name == "textarea":
            value = control.get_text()
        else:
            value = str(control.get("value", ""))
        sent.setdefault(name, []).append(value)
    return {
        name: values[0] if len(values) == 1 and not name.startswith("product.") else values
        for name, values in sent.items()
    }
