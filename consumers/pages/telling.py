"""Days, reasons, notices and findings told in sentences, the same on every page."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from consumers.pages.format import Format
from consumers.pages.strip import EventfulDay, Mark
from consumers.pages.time_table import ORDER, length_of
from consumers.pages.typography import NO_BREAK
from ledger.instants import DAY_MS, parse_instant
from projections.figures import (
    AwaitedFigures,
    Because,
    Class,
    ClassesMs,
    Finding,
    NoticeFigures,
    PlatformAvailability,
    Stretch,
)
from projections.heard import SILENT

# ---------------------------------------------------------------- days and platforms


def verdict(measured: PlatformAvailability, form: Format) -> str:
    """Whether a platform met its target, with a sign that needs no colour."""
    words = form.words
    if measured.percent is None:
        return words.nothing_measured
    return f"✓{NO_BREAK}{words.met}" if measured.target_met else f"✗{NO_BREAK}{words.missed}"


def content(classes_ms: ClassesMs, form: Format) -> str:
    """How long each class lasted, for those that occur."""
    lengths = ((each, length_of(classes_ms, each)) for each in ORDER)
    return ", ".join(f"{form.words.classes[each]} {form.duration(ms)}" for each, ms in lengths if ms)


def day(found: EventfulDay, form: Format) -> str:
    """What a day held of what is measured, and how long it was if its clock was set."""
    told = content(found.classes_ms.model_copy(update={"outside": 0}), form)
    if found.length_ms == DAY_MS:
        return told
    return f"{told}, {form.words.day_length.format(length=form.duration(found.length_ms))}"


def legend(form: Format) -> list[tuple[Mark, str]]:
    """What each sign of a strip means."""
    classes, severities = form.words.classes, form.words.severities
    return [
        ("up", classes["up"]),
        ("down-1", severities[0]),
        ("down-2", severities[1]),
        ("down-3", severities[2]),
        ("unknown", classes["unknown"]),
        ("excluded-maintenance", classes["excluded-maintenance"]),
        ("excluded-force-majeure", classes["excluded-force-majeure"]),
        ("outside", classes["outside"]),
    ]


def closer_legend(form: Format) -> list[tuple[str, str]]:
    """What each bar of a day's line means."""
    classes = form.words.classes
    shown: tuple[Class, ...] = ("down", "unknown", "excluded-maintenance", "excluded-force-majeure")
    return [
        *((each, classes[each]) for each in shown),
        ("degraded", form.words.degraded),
        ("rest", form.words.closer_rest),
    ]


# ---------------------------------------------------------------- reasons


@dataclass(frozen=True, slots=True)
class Occasion:
    """When a stretch was, how long, and on which platforms."""

    span: str
    length: str
    platforms: str


@dataclass(frozen=True, slots=True)
class Explained:
    """Stretches that count alike for the same reasons, next to each other in time."""

    class_: Class
    counts_as: str
    occasions: tuple[Occasion, ...]
    reasons: tuple[str, ...]
    clause: str


@dataclass(frozen=True, slots=True)
class SameStretch:
    """A stretch, and every platform that has the same for the same reasons."""

    stretch: Stretch
    platforms: tuple[str, ...]


def grouped(stretches: Sequence[Stretch]) -> list[SameStretch]:
    """The stretches in order of time, those that are alike on several platforms as one."""
    alike: dict[Stretch, list[str]] = {}
    for each in sorted(stretches, key=lambda each: (parse_instant(each.start), parse_instant(each.end))):
        alike.setdefault(each.model_copy(update={"platform": ""}), []).append(each.platform)
    return [SameStretch(stretch, tuple(platforms)) for stretch, platforms in alike.items()]


def explained(stretches: Sequence[Stretch], form: Format) -> Iterator[Explained]:
    """Every stretch in order of time, with its reasons; what follows each other for the same ones, together.

    Agents probe one platform after the other, so that one silence begins on each a second later.
    """
    for _, alike in groupby(grouped(stretches), key=lambda each: _apart_from_time(each.stretch)):
        same = tuple(alike)
        first = same[0].stretch
        yield Explained(
            class_=first.class_,
            counts_as=counts_as(first, form),
            occasions=tuple(_occasion(each, form) for each in same),
            reasons=tuple(because(each, form) for each in first.because),
            clause=first.clause,
        )


def _apart_from_time(stretch: Stretch) -> Stretch:
    return stretch.model_copy(update={"platform": "", "start": "", "end": "", "length_ms": 0})


def _occasion(same: SameStretch, form: Format) -> Occasion:
    found = same.stretch
    span, length = form.span(found.start, found.end), form.duration(found.length_ms)
    return Occasion(span, length, ", ".join(same.platforms))


def counts_as(stretch: Stretch, form: Format) -> str:
    """The class of a stretch, and what was seen in it where that is something else."""
    class_ = form.words.classes[stretch.class_]
    if stretch.verdict == stretch.class_:
        return class_
    return form.words.seen_as.format(class_=class_, verdict=form.words.verdicts[stretch.verdict])


def because(reason: Because, form: Format) -> str:
    """One reason: the fact or the rounds that make a stretch what it is."""
    words = form.words
    parts = [f"{words.becauses[reason.kind]} {reason.name}", *_details(reason, form)]
    if reason.first_round is not None:
        parts.append(_rounds(reason, form))
    if reason.position is not None:
        parts.append(fact(reason.position, form))
    return ", ".join(parts)


def _details(reason: Because, form: Format) -> Iterator[str]:
    """What an agent saw or that it was silent, what a correction changed, why a notice does not excuse."""
    words = form.words
    if reason.kind == "agent" and reason.detail == SILENT:
        yield words.silent
        return
    if reason.kind == "correction" and reason.detail:
        yield words.corrects.format(agent=reason.detail)
    if reason.outcome:
        yield outcome_of(reason.outcome, form)
    if reason.detail and reason.kind != "correction":
        yield words.not_excluded.get(reason.detail, reason.detail)


def _rounds(reason: Because, form: Format) -> str:
    assert reason.first_round is not None
    first, last = form.number(reason.first_round), form.number(reason.last_round or reason.first_round)
    sentence = form.words.round_one if first == last else form.words.rounds
    return sentence.format(first=first, last=last)


def outcome_of(outcome: str, form: Format) -> str:
    """An outcome in words."""
    return form.words.verdicts.get(outcome, outcome)


def fact(position: int, form: Format) -> str:
    """A fact named by its position in the ledger."""
    return form.words.fact.format(position=form.number(position))


# ---------------------------------------------------------------- notices


def notice(found: NoticeFigures, form: Format) -> str:
    """One notice with both clocks, and whether it was given in time."""
    words = form.words
    parts = [words.notices[found.kind]]
    if found.announced:
        parts.append(words.announced.format(span=form.span(found.announced.start, found.announced.end)))
    parts.append(given(found, form))
    parts += advance(found, form)
    parts += [words.recorded.format(at=form.instant(found.recorded_at)), fact(found.position, form)]
    return words.told.format(what=", ".join(parts), text=found.text)


def given(found: NoticeFigures, form: Format) -> str:
    """When a notice was given, or that nobody has it."""
    if found.awaited and not found.awaited.is_tried:
        return form.words.not_mailed
    if found.given_at is None:
        return form.words.not_given
    return form.words.given.format(at=form.instant(found.given_at))


def mails(found: NoticeFigures, form: Format) -> Iterator[str]:
    """What became of each administrator's mail about a notice, and whether it was escalated."""
    words = form.words
    for mail in found.mails:
        yield words.mail.format(
            person=mail.person,
            fate=words.mail_fates[mail.fate],
            at=form.instant(mail.at),
            attempts=form.counted(mail.attempts, words.mail_attempts),
            reply=f" ({words.mail_whys.get(mail.reply, mail.reply)})" if mail.reply else "",
        )
    if found.escalated_at:
        yield words.escalated.format(at=form.instant(found.escalated_at))


def advance(found: NoticeFigures, form: Format) -> list[str]:
    """How long before its start a notice was given and whether that was in time; whether it is back-dated."""
    words, parts = form.words, []
    if found.hours_before is not None:
        is_after = found.hours_before.startswith("-")
        sentence = words.given_after if is_after else words.given_before
        parts.append(sentence.format(hours=form.measure(f"{found.hours_before.removeprefix('-')} h")))
        parts.append(words.in_time if found.in_time else words.not_in_time)
    if found.awaited:
        parts.append(awaited(found.awaited, form))
    return [*parts, words.back_dated] if found.back_dated else parts


def awaited(found: AwaitedFigures, form: Format) -> str:
    """How long there is left to give a notice in time, or since when it is too late."""
    sentence = form.words.awaited if found.left_ms >= 0 else form.words.awaited_late
    return sentence.format(at=form.instant(found.too_late_from), left=form.duration(max(found.left_ms, 0)))


# ---------------------------------------------------------------- commitments


def finding(found: Finding, form: Format) -> str:
    """One thing that was not as promised: of what, when, how much of how much, by which facts."""
    words = form.words
    at = form.span(found.start, found.end) if found.end else form.instant(found.start)
    parts = [found.subject, words.findings.get(found.what, found.what), at]
    if found.measured is not None:
        parts.append(words.measured.format(measured=form.measure(found.measured)))
    if found.promised is not None:
        parts.append(words.promised.format(promised=form.measure(found.promised)))
    return ", ".join([*parts, *(fact(position, form) for position in found.positions)])
