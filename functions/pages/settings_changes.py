"""Two people change the settings at the same time: what each did, field by field; and what a change brings with it."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from functions.pages.settings_fields import FORGETTABLE, LABELS
from functions.pages.settings_form import Document, Form, ProductRow

_PRODUCT = "product "

type _Flat = Mapping[str, str | ProductRow]


@dataclass(frozen=True, kw_only=True)
class Contested:
    """A field that somebody else has changed meanwhile; None: not there."""

    name: str
    label: str
    typed: str | None
    stored: str | None


@dataclass(frozen=True, kw_only=True)
class Consequence:
    """What a change means that one should know before it is made. `key` names the very change."""

    key: str
    text: str


def merged(*, shown: Form, typed: Form, stored: Form) -> tuple[Form, list[str], list[str]]:
    """What was typed, over what somebody else has stored since the form was shown.

    Then the names of the fields that both have changed, each to something else, as they were typed; and of those that
    only the other has changed, as they are stored.
    """
    before, mine, theirs = _flat(shown), _flat(typed), _flat(stored)
    names = list(dict.fromkeys([*mine, *theirs]))
    elsewhere = [name for name in names if before.get(name) != theirs.get(name) != mine.get(name)]
    both = [name for name in elsewhere if mine.get(name) != before.get(name)]
    result = {name: mine.get(name) if mine.get(name) != before.get(name) else theirs.get(name) for name in names}
    return _unflat(result), both, [name for name in elsewhere if name not in both]


def contested(names: Iterable[str], *, typed: Form, stored: Form) -> list[Contested]:
    """These fields as typed and as stored."""
    mine, theirs = _flat(typed), _flat(stored)
    return [
        Contested(name=name, label=_label(name), typed=_said(mine.get(name)), stored=_said(theirs.get(name)))
        for name in names
    ]


def with_stored(typed: Form, stored: Form, names: Collection[str]) -> Form:
    """What was typed, but these fields as they are stored."""
    texts = {name: stored.texts[name] if name in names else text for name, text in typed.texts.items()}
    rows = [row for row in typed.products if _PRODUCT + row.code not in names]
    rows += [row for row in stored.products if _PRODUCT + row.code in names]
    return Form(texts=texts, products=tuple(rows))


def changed_labels(before: Form, after: Form) -> list[str]:
    """What is not the same in both, as people call it."""
    old, new = _flat(before), _flat(after)
    return [_label(name) for name in dict.fromkeys([*new, *old]) if old.get(name) != new.get(name)]


def consequences(stored: Document, wanted: Document, *, held: str) -> list[Consequence]:
    """Of what is about to be saved. `held` says how many sessions are held now."""
    found = []
    for name, texts in _CONSEQUENCES.items():
        if stored[name] != wanted[name]:
            text = texts.get(wanted[name]) or texts[""]
            found.append(Consequence(key=f"{name} {wanted[name]}", text=text.format(old=stored[name], held=held)))
    return found + [
        Consequence(key=f"forget {part}", text=_FORGOTTEN[part])
        for part in FORGETTABLE
        if stored[part] is not None and wanted[part] is None
    ]


_CONSEQUENCES: Mapping[str, Mapping[str, str]] = {
    "mode": {
        "meter-value": "Mode: sessions that are settled from now on leave as meter values, and Utility Cloud prices "
        "them. Those that are open now, and the held ones ({held}), become meter values, too. Lines that are written "
        "stay as they are and are delivered. Meter values cannot be credited, only corrected, and carry no revenue "
        "share.",
        "costed-transaction": "Mode: sessions that are settled from now on are priced here. Those that are open now, "
        "and the held ones ({held}), are priced, too; without a tariff that fits they are held. Meter values that are "
        "written stay as they are and are delivered. Tariffs must have one VAT rate. A rehearsal of this mode ends.",
        "": "Mode: not one that there is.",
    },
    "state": {
        "live": "State: from now on lines are sent to Utility Cloud. Lines that were rehearsed are not sent by "
        "themselves, but can be tried one by one; what waited when the rehearsal began is sent.",
        "rehearsal": "State: from now on nothing is sent. Lines of sessions that are settled from now on are "
        "rehearsed: after it they are sent only if somebody tries them, one by one; what waits to be sent now waits "
        "until it ends.",
        "": "State: not one that there is.",
    },
    "currency": {
        "": "Currency: tariffs in {old} price nothing any more. Sessions are held until there are tariffs in the new "
        "currency. Lines that are written keep theirs."
    },
    "timezone": {
        "": "Time zone: hours and days in tariffs, and months, are meant in the new one from now on, also for sessions "
        "that are open or held ({held}). Lines that are written stay as they are."
    },
}
_FORGOTTEN = {
    "entra": "Microsoft Entra: its settings are removed and the client secret is forgotten. No line can be sent until "
    "they are given again.",
    "notices": "Notices: the address is removed and its signing secret is forgotten. Nobody is told any more.",
}


def _flat(form: Form) -> _Flat:
    return {**form.texts, **{_PRODUCT + row.code: row for row in form.products}}


def _unflat(flat: Mapping[str, str | ProductRow | None]) -> Form:
    return Form(
        texts={name: value for name, value in flat.items() if isinstance(value, str)},
        products=tuple(value for value in flat.values() if isinstance(value, ProductRow)),
    )


def _label(name: str) -> str:
    return LABELS.get(name) or f"Product {name.removeprefix(_PRODUCT)}"


def _said(value: str | ProductRow | None) -> str | None:
    if isinstance(value, ProductRow):
        return f"tariff {value.tariff_id or 'not set'}, site {value.site_id or 'not set'}"
    return value
