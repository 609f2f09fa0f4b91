"""The curves drawn as one SVG; on logarithmic axes a straight dashed line is cost in proportion."""

from collections.abc import Iterator, Sequence
from html import escape
from math import ceil, floor, log10

from consumers.bench.curves import Curve, Point

WIDTH, HEIGHT = 420, 300
"""Of the area of one curve."""
LEFT, TOP, BELOW, BETWEEN = 70, 50, 60, 90
_STYLE = """\
text { font: 13px system-ui, "Segoe UI", Arial, sans-serif; fill: #1d2528; }
.title { font-size: 15px; font-weight: 600; }
.grid { stroke: #d9dee0; stroke-width: 1; }
.cost { stroke: #0b6e6e; stroke-width: 2.5; fill: none; }
.dot { fill: #0b6e6e; }
.inproportion { stroke: #b4552d; stroke-width: 1.5; stroke-dasharray: 6 5; fill: none; }
.note { fill: #b4552d; }"""


class Scale:
    """Amounts to places, over whole powers of ten (or halves of them) that hold every point."""

    def __init__(self, points: Sequence[Point]) -> None:
        self._x = _decades([point.amount for point in points])
        self._y = _decades([point.cpu_ms for point in points])

    def place(self, point: Point) -> tuple[int, int]:
        """Where a point stands within the area."""
        x = WIDTH * _within(point.amount, self._x)
        y = HEIGHT * (1 - _within(point.cpu_ms, self._y))
        return round(x), round(y)

    def marks(self) -> tuple[list[float], list[float]]:
        """The amounts and the costs at which lines are drawn."""
        return _marks(self._x), _marks(self._y)

    @property
    def corner(self) -> Point:
        """The least of both."""
        return Point(10 ** self._x[0], 10 ** self._y[0])


def svg(curves: Sequence[Curve], caption: str) -> str:
    """The picture, a caption below it."""
    width = LEFT + len(curves) * WIDTH + (len(curves) - 1) * BETWEEN + 30
    height = TOP + HEIGHT + BELOW + 30
    areas = "\n".join(
        f'<g transform="translate({LEFT + number * (WIDTH + BETWEEN)}, {TOP})">\n{_area(curve)}\n</g>'
        for number, curve in enumerate(curves)
    )
    return (
        f'<svg viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg" role="img">\n'
        f"<title>{escape(caption)}</title>\n<style>\n{_STYLE}\n</style>\n"
        f'<rect width="{width}" height="{height}" fill="#ffffff" />\n{areas}\n'
        f'<text x="{LEFT}" y="{height - 14}">{escape(caption)}</text>\n</svg>\n'
    )


def _area(curve: Curve) -> str:
    scale = Scale(curve.points)
    first, last = curve.points[0], curve.points[-1]
    places = [scale.place(point) for point in curve.points]
    grown = Point(last.amount, first.cpu_ms * last.amount / first.amount)
    parts = [
        f'<text class="title" x="0" y="-20">{escape(curve.title)}</text>',
        *_grid(scale, curve.amount),
        f'<path class="inproportion" d="{_proportional(scale, first, grown)}" />',
        f'<text class="note" x="{places[0][0] + 12}" y="14">dashed: in proportion</text>',
        f'<path class="cost" d="M {" L ".join(f"{x} {y}" for x, y in places)}" />',
        *(f'<circle class="dot" cx="{x}" cy="{y}" r="4" />' for x, y in places),
    ]
    return "\n".join(parts)


def _proportional(scale: Scale, first: Point, grown: Point) -> str:
    """The line of slope one from the first point, as far as the area goes."""
    (x0, y0), (x1, y1) = scale.place(first), scale.place(grown)
    if y1 < 0:
        x1, y1 = round(x0 + (x1 - x0) * y0 / (y0 - y1)), 0
    return f"M {x0} {y0} L {x1} {y1}"


def _grid(scale: Scale, amount: str) -> Iterator[str]:
    amounts, costs = scale.marks()
    for value in amounts:
        x, _ = scale.place(Point(value, scale.corner.cpu_ms))
        yield f'<path class="grid" d="M {x} 0 V {HEIGHT}" />'
        yield f'<text x="{x}" y="{HEIGHT + 18}" text-anchor="middle">{value:g}</text>'
    for value in costs:
        _, y = scale.place(Point(scale.corner.amount, value))
        yield f'<path class="grid" d="M 0 {y} H {WIDTH}" />'
        yield f'<text x="-8" y="{y + 4}" text-anchor="end">{value:g} ms</text>'
    yield f'<text x="{WIDTH // 2}" y="{HEIGHT + 38}" text-anchor="middle">{escape(amount)}</text>'


def _decades(values: Sequence[float]) -> tuple[float, float]:
    return floor(2 * log10(min(values))) / 2, ceil(2 * log10(max(values))) / 2


def _within(value: float, decades: tuple[float, float]) -> float:
    return (log10(value) - decades[0]) / (decades[1] - decades[0])


def _marks(decades: tuple[float, float]) -> list[float]:
    """1, 2 and 5 of each power of ten that lie within."""
    least, most = 10 ** decades[0], 10 ** decades[1]
    found = (
        step * 10.0**power for power in range(floor(decades[0]), ceil(decades[1]) + 1) for step in (1, 2, 5)
    )
    return [value for value in found if least * 0.999 <= value <= most * 1.001]
