"""Figures as SVG: shapes with classes, whose colours are the style sheet's. A table beside them has the numbers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from markupsafe import Markup, escape

_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 760, 190, 46, 46, 10, 24
_GAP = 2
_MOST_LABELS = 8


@dataclass(frozen=True, kw_only=True)
class PlottedBar:
    """`part` of `whole` stands out. `label` is below the bar, `told` is said of it when one points at it."""

    label: str
    told: str
    whole: int
    part: int


@dataclass(frozen=True, kw_only=True)
class PlottedStep:
    """A value between two instants; None: there is none. `told` is said of it when one points there."""

    since: datetime
    until: datetime
    value: Decimal | None
    told: str = ""


def empty_plot() -> Markup:
    """The room that a figure will take."""
    return Markup(f'<svg class="plot" viewBox="0 0 {_WIDTH} {_HEIGHT}" aria-hidden="true"></svg>')  # noqa: S704  numbers


def bars(*, title: str, each: Sequence[PlottedBar]) -> Markup:
    """Bars beside each other, up to the largest."""
    top = max((bar.whole for bar in each), default=0) or 1
    width = (_WIDTH - _LEFT - _RIGHT) / max(len(each), 1)
    shapes = [_axis(str(top), "0")]
    stride = -(-len(each) // _MOST_LABELS)
    for number, bar in enumerate(each):
        left = _LEFT + number * width
        shapes.append(f"<g><title>{escape(bar.told)}</title>")
        shapes.append(_bar("one", left, width, bar.whole / top))
        if bar.part:
            shapes.append(_bar("two", left, width, bar.part / top))
        shapes.append("</g>")
        if number % stride == 0:
            shapes.append(_text(left, _HEIGHT - 8, bar.label, "start"))
    return _svg(title, shapes)


def steps(
    *,
    title: str,
    one: Sequence[PlottedStep],
    two: Sequence[PlottedStep],
    labels: tuple[str, str],
    number: Callable[[Decimal], str],
) -> Markup:
    """Two courses over the same time, each by its own scale: the first filled, on the left, the second as a line, on
    the right. `labels` stand at the beginning and at the end, `number` writes what the tops of the scales are.
    """
    since, until = min(step.since for step in (*one, *two)), max(step.until for step in (*one, *two))
    shapes = [_axis(number(_largest(one)), "0")]
    if any(step.value is not None for step in two):
        shapes.append(_text(_WIDTH - _RIGHT + 5, _TOP + 9, number(_largest(two)), "start"))
        shapes.append(_text(_WIDTH - _RIGHT + 5, _HEIGHT - _BOTTOM, "0", "start"))
    for name, course in (("one", one), ("two", two)):
        path = _path(course, since=since, until=until)
        if name == "one" and path:
            base = _HEIGHT - _BOTTOM
            shapes.append(f'<path class="one area" d="{path} V{base} H{_x(course[0].since, since, until):.1f} Z"/>')
        if path:
            shapes.append(f'<path class="{name} line" d="{path}"/>')
    shapes += [_pointed_at(step, since, until) for step in one if step.told]
    shapes.append(_text(_LEFT, _HEIGHT - 8, labels[0], "start"))
    shapes.append(_text(_WIDTH - _RIGHT, _HEIGHT - 8, labels[1], "end"))
    return _svg(title, shapes)


def _svg(title: str, shapes: Sequence[str]) -> Markup:
    head = f'<svg class="plot" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escape(title)}">'
    return Markup(f"{head}{''.join(shapes)}</svg>")  # noqa: S704  every text in it is escaped


def _axis(top: str, bottom: str) -> str:
    base = _HEIGHT - _BOTTOM
    lines = "".join(
        f'<line class="axis" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{height}" y2="{height}"/>'
        for height in (_TOP, base)
    )
    return lines + _text(_LEFT - 5, _TOP + 9, top, "end") + _text(_LEFT - 5, base, bottom, "end")


def _bar(name: str, left: float, width: float, share: float) -> str:
    height = share * (_HEIGHT - _TOP - _BOTTOM)
    top = _HEIGHT - _BOTTOM - height
    return (
        f'<rect class="{name}" x="{left + _GAP / 2:.1f}" y="{top:.1f}" width="{max(width - _GAP, 1):.1f}" '
        f'height="{height:.1f}" stroke-width="0"/>'
    )


def _pointed_at(step: PlottedStep, since: datetime, until: datetime) -> str:
    """Nothing to be seen over the whole height, so that what is low is found as easily."""
    left, right = _x(step.since, since, until), _x(step.until, since, until)
    return (
        f'<rect x="{left:.1f}" y="{_TOP}" width="{right - left:.1f}" height="{_HEIGHT - _TOP - _BOTTOM}" fill="none" '
        f'pointer-events="all"><title>{escape(step.told)}</title></rect>'
    )


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def _largest(course: Sequence[PlottedStep]) -> Decimal:
    return max((step.value for step in course if step.value is not None), default=Decimal(0))


def _path(course: Sequence[PlottedStep], *, since: datetime, until: datetime) -> str:
    top = _largest(course) or Decimal(1)
    pieces, broken = [], True
    for step in course:
        if step.value is None:
            broken = True
            continue
        height = _HEIGHT - _BOTTOM - float(max(step.value, Decimal(0)) / top) * (_HEIGHT - _TOP - _BOTTOM)
        left, right = _x(step.since, since, until), _x(step.until, since, until)
        pieces.append(f"{'M' if broken else 'L'}{left:.1f} {height:.1f} H{right:.1f}")
        broken = False
    return " ".join(pieces)


def _x(instant: datetime, since: datetime, until: datetime) -> float:
    share = (instant - since) / (until - since) if until > since else 0.0
    return _LEFT + share * (_WIDTH - _LEFT - _RIGHT)
