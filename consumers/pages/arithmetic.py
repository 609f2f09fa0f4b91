"""The arithmetic of the penalties, line by line: from the time down to the days granted."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from consumers.pages import words as spoken
from consumers.pages.format import Format
from projections.figures import ClassesMs, PlatformAvailability, PlatformPenalty, Statement


@dataclass(frozen=True, slots=True)
class Line:
    """One step: what is calculated, from what, and what comes out."""

    step: str
    working: str
    amount: str
    is_total: bool = False


@dataclass(frozen=True, slots=True)
class Share:
    """What is divided by what: the classes that count, by the key of their word, and how long they are."""

    counted: tuple[str, ...]
    counted_ms: int
    base: tuple[str, ...]
    base_ms: int


def share_of(classes_ms: ClassesMs, readings: dict[str, str]) -> Share:
    """The share of a platform under the readings of excluded and of unknown time."""
    length_ms = {
        "up": classes_ms.up,
        "excluded": classes_ms.excluded_maintenance + classes_ms.excluded_force_majeure,
        "unknown": classes_ms.unknown,
        "down": classes_ms.down,
    }
    counted = ["up"]
    if readings["excluded-time"] == "counts-as-up":
        counted.append("excluded")
    if readings["unknown-time"] == "as-up":
        counted.append("unknown")
    against = ["down", "unknown"] if readings["unknown-time"] == "as-down" else ["down"]
    counted_ms = sum(length_ms[each] for each in counted)
    base_ms = counted_ms + sum(length_ms[each] for each in against)
    return Share(tuple(counted), counted_ms, (*counted, *against), base_ms)


def missed(statement: Statement) -> list[PlatformPenalty]:
    """The platforms that missed the target or earned days: those whose arithmetic there is to show."""
    met = {each.platform for each in statement.availability.platforms if each.target_met}
    return [each for each in statement.penalties.platforms if each.platform not in met or each.days]


def has_others(statement: Statement) -> bool:
    """Whether there are platforms of which there is nothing to calculate."""
    return len(missed(statement)) < len(statement.penalties.platforms)


def others(statement: Statement, form: Format) -> str:
    """Of which platforms there is nothing to calculate."""
    shown = {each.platform for each in missed(statement)}
    rest = [each.platform for each in statement.penalties.platforms if each.platform not in shown]
    return form.words.no_penalty.format(platforms=", ".join(rest))


def platform_lines(statement: Statement, penalty: PlatformPenalty, form: Format) -> list[Line]:
    """How one platform's days come about."""
    measured = next(each for each in statement.availability.platforms if each.platform == penalty.platform)
    return [
        _down_line(statement, penalty, form),
        *_share_lines(statement, measured, form),
        _target_line(statement, measured, form),
        *_penalty_lines(statement, penalty, form),
    ]


def _down_line(statement: Statement, penalty: PlatformPenalty, form: Format) -> Line:
    words = form.words
    is_unknown_down = statement.readings["unknown-time"] == "as-down"
    working = words.working_down_unknown if is_unknown_down else words.working_down
    return Line(words.step_down, working, form.duration(penalty.counted_down_ms))


def _share_lines(statement: Statement, measured: PlatformAvailability, form: Format) -> Iterator[Line]:
    words = form.words
    if measured.percent is None:
        yield Line(words.share, words.step_no_base, words.nothing_measured)
        return
    share = share_of(measured.classes_ms, statement.readings)
    working = f"{form.duration(share.counted_ms)} ÷ {form.duration(share.base_ms)}"
    base = " + ".join(words.base_parts[each] for each in share.base)
    yield Line(words.step_base, base, form.duration(share.base_ms))
    yield Line(words.share, working, form.percent(measured.percent))


def promised(statement: Statement, form: Format) -> str:
    """What must be met, under the readings in force: a share alone would not say why it was missed."""
    words = form.words
    percent = form.percent(statement.availability.target_percent)
    target = words.working_target[statement.readings["target"]].format(percent=percent)
    return words.working_rolling.format(target=target) if _is_rolling(statement) else target


def _target_line(statement: Statement, measured: PlatformAvailability, form: Format) -> Line:
    words = form.words
    return Line(words.target, promised(statement, form), words.met if measured.target_met else words.missed)


def _penalty_lines(statement: Statement, penalty: PlatformPenalty, form: Format) -> Iterator[Line]:
    words, readings = form.words, statement.readings
    yield Line(words.step_penalised, _penalised(statement, penalty, form), form.exact(penalty.penalised_ms))
    tranches = words.working_tranches[readings["tranche"]].format(
        over=spoken.answer(words, "tranche-over", readings["tranche-over"])
    )
    yield Line(words.step_tranches, tranches, form.number(penalty.tranches))
    yield Line(words.step_days, words.working_days, form.counted(penalty.days, words.days), is_total=True)


def _penalised(statement: Statement, penalty: PlatformPenalty, form: Format) -> str:
    if _is_rolling(statement):
        return form.words.working_rolled
    if statement.readings["penalised"] == "all":
        return form.words.working_all
    allowance = penalty.counted_down_ms - Fraction(penalty.penalised_ms)
    return form.words.working_beyond.format(
        down=form.duration(penalty.counted_down_ms), allowance=form.exact(str(allowance))
    )


def _is_rolling(statement: Statement) -> bool:
    # An interval that is no period of the contract is judged as one.
    return statement.readings["period"] == "rolling-30-days" and statement.period.number is not None


def contract_lines(statement: Statement, form: Format) -> list[Line]:
    """From the platforms' days to those granted under the cap."""
    words, penalties = form.words, statement.penalties
    accrued, granted = penalties.days_accrued, penalties.days_granted
    left = form.counted(penalties.days_left_under_cap, words.days)
    return [
        Line(words.step_accrued, _summed(statement, form), form.counted(accrued, words.days)),
        Line(words.step_granted, _granted(statement, form), form.counted(granted, words.days), is_total=True),
        Line(words.step_left, spoken.answer(words, "cap", statement.readings["cap"]), left),
    ]


def _granted(statement: Statement, form: Format) -> str:
    words, penalties = form.words, statement.penalties
    beyond = penalties.days_accrued - penalties.days_granted
    if not beyond:
        return words.working_granted_all
    return words.working_granted_part.format(
        accrued=form.number(penalties.days_accrued), beyond=form.counted(beyond, words.days)
    )


def _summed(statement: Statement, form: Format) -> str:
    days = [form.number(each.days) for each in statement.penalties.platforms if each.days] or ["0"]
    if statement.readings["several-platforms"] == "worst":
        return form.words.working_worst.format(days=", ".join(days))
    return " + ".join(days)
