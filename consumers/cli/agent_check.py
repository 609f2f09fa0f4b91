"""What `constat agent check` found, for people and for machines."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from consumers.agent.checking import Checked, Tried
    from consumers.agent.prober import Referred


def as_json(found: "Checked") -> dict[str, Any]:
    """As one object for machines; the caller says of which agent."""
    from consumers.agent.references import is_an_answer

    return {
        "references_answer": found.references_answer,
        "references": [
            {
                "address": each.address,
                "proxy": each.proxy,
                "answers": is_an_answer(each.attempt),
                "status": each.attempt.status or None,
                "error": _why(each),
                "latency_ms": each.attempt.length_ms,
            }
            for each in found.references
        ],
        "clock": found.distrust,
        "platforms": [
            {"platform": each.target.platform, "kind": each.target.kind, **each.judged._asdict()}
            for each in found.tried
        ],
    }


def show(found: "Checked") -> None:
    """Print it for people: a line for each target and each reference."""
    width = max(len(each.target.platform) for each in found.tried)
    for each in found.tried:
        print(f"{each.target.platform:{width}}  {_line(each)}")
    for referred in found.references:
        print(f"reference {_of_reference(referred)}")
    if not found.references_answer:
        print("no reference answers: whatever failed would be unknown, not down")
    if found.distrust:
        print(f"{found.distrust}: a round would say unknown of everything")


def _of_reference(found: "Referred") -> str:
    from consumers.agent.references import is_an_answer

    by = f" by {found.proxy}" if found.proxy else ""
    status = f"HTTP {found.attempt.status}, " if found.attempt.status else ""
    if is_an_answer(found.attempt):
        return f"{found.address}{by}: answers, {status}{found.attempt.length_ms} ms"
    return f"{found.address}{by}: does not answer, {_why(found)}"


def _why(found: "Referred") -> str:
    failure = found.attempt.failure
    return failure.text if failure else ""


def _line(tried: "Tried") -> str:
    judged = tried.judged
    status = f"HTTP {judged.status}, " if judged.status else ""
    answered = f"{status}{judged.latency_ms} ms"
    return f"{judged.outcome:8}  {judged.error or answered}"
