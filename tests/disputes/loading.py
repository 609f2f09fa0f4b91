"""The folders of disputes: what they ask, and what the oracle and the product answer."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ledger.instants import format_instant, parse_instant
from ledger.interval import Interval
from projections.figures import Statement
from projections.statement import statement
from tests.disputes.reading import facts_of
from tests.oracle import Judgement, judge
from tests.oracle.facts import Fact, Signed
from tests.oracle.promises import promises
from tests.spec import Story

FOLDER = Path(__file__).parent
Answer = dict[str, Any]


@dataclass(frozen=True)
class Question:
    """A period (a number, or `from/to`), as known at a moment, under the readings in force or others."""

    note: str
    period: int | str
    as_of: str
    readings: dict[str, str]

    @property
    def bounds(self) -> tuple[int, int]:
        from_at, to_at = str(self.period).split("/")
        return parse_instant(from_at), parse_instant(to_at)

    def of_oracle(self, facts: list[Fact]) -> Answer:
        period = self.period if isinstance(self.period, int) else self.bounds
        known_ms = parse_instant(self.as_of)
        judged = judge(facts, known_ms, period, self.readings)
        promised = promises(facts, known_ms, judged.start_ms, judged.end_ms)
        return answer_of_oracle(judged) | _if_any(promised)

    def of_product(self, story: Story, contract: str) -> Answer:
        period = str(self.period) if isinstance(self.period, int) else Interval(*self.bounds)
        said = statement(story.known(self.as_of), contract, period, self.readings)
        return whole_answer_of_product(said)


@dataclass(frozen=True)
class Dispute:
    name: str
    facts: list[Fact]
    questions: list[Question]
    answers: list[Answer]
    why: str

    @property
    def contract(self) -> str:
        return next(fact.contract for fact in self.facts if isinstance(fact, Signed))


def folders() -> list[Path]:
    """Every folder; one without its four files fails its tests."""
    return sorted(path for path in FOLDER.iterdir() if path.is_dir() and not path.name.startswith("__"))


def load(folder: Path) -> Dispute:
    expected = json.loads((folder / "expected.json").read_text())
    questions = [
        Question(each["note"], each["period"], each["as_of"], each.get("readings", {})) for each in expected
    ]
    answers = [each.get("answer", {}) for each in expected]
    why = (folder / "WHY.md").read_text()
    return Dispute(folder.name, list(facts_of(folder)), questions, answers, why)


# ---------------------------------------------------------------- answers


def _if_any(promised: dict[str, Any]) -> Answer:
    """The other promises stand in an answer where any fact of them was told."""
    return {"promises": promised} if promised else {}


def whole_answer_of_product(said: Statement) -> Answer:
    """What a statement answers of availability and penalties, and of the other promises if of any."""
    return answer_of_product(said) | _if_any(promises_of_product(said))


def promises_of_product(said: Statement) -> dict[str, Any]:
    """The same of a statement; the oracle does not judge a quarter's maintenance."""
    return {
        each.commitment: {
            "state": each.state,
            "findings": [[f.subject, f.what, f.start, f.end, f.measured, f.promised] for f in each.findings],
        }
        for each in said.commitments
        if each.state != "nothing-recorded" and each.commitment != "maintenance-quarter"
    }


def answer_of_oracle(judged: Judgement) -> Answer:
    return {
        "from_to": f"{format_instant(judged.start_ms)}/{format_instant(judged.end_ms)}",
        "complete": judged.complete,
        "platforms": {
            name: {
                "classes_ms": platform.classes_ms,
                "percent": platform.percent,
                "percent_bounds": platform.percent_bounds and list(platform.percent_bounds),
                "coverage_percent": platform.coverage_percent,
                "target_met": platform.target_met,
                "counted_down_ms": platform.counted_down_ms,
                "penalised_ms": str(platform.penalised_ms),
                "tranches": platform.tranches,
                "days": platform.days,
            }
            for name, platform in judged.platforms.items()
        },
        "days_accrued": judged.days_accrued,
        "days_granted": judged.days_granted,
        "days_left_under_cap": judged.days_left_under_cap,
    }


def answer_of_product(said: Statement) -> Answer:
    penalties = {each.platform: each for each in said.penalties.platforms}
    bounds = [parse_instant(instant) for instant in (said.period.start, said.period.end)]
    return {
        "from_to": "/".join(format_instant(bound) for bound in bounds),
        "complete": said.period.complete,
        "platforms": {
            each.platform: {
                "classes_ms": each.classes_ms.model_dump(by_alias=True),
                "percent": each.percent,
                "percent_bounds": each.percent_bounds and list(each.percent_bounds),
                "coverage_percent": each.coverage_percent,
                "target_met": each.target_met,
                "counted_down_ms": penalties[each.platform].counted_down_ms,
                "penalised_ms": penalties[each.platform].penalised_ms,
                "tranches": penalties[each.platform].tranches,
                "days": penalties[each.platform].days,
            }
            for each in said.availability.platforms
        },
        "days_accrued": said.penalties.days_accrued,
        "days_granted": said.penalties.days_granted,
        "days_left_under_cap": said.penalties.days_left_under_cap,
    }
