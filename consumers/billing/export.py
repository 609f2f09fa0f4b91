"""The postings for an accountant: a double-entry journal for beancount, or a sheet.

Two commodities: `DAY`, and `EUR` where a day has a price. A day granted is an expense that is accrued; a
reversal is the opposite posting, and never an edit of the first one. Each posting has the price of its
period, which `pricing.py` has settled.
"""

import csv
import io
from collections.abc import Iterator, Sequence

from consumers.billing.posting import Posting, Settled, euros
from consumers.pages.csv_ import safe
from consumers.pages.harmless import harmless_text
from ledger.instants import format_instant, from_ms

EXPENSES = "Expenses:SLA:Penalties"
ACCRUED = "Liabilities:SLA:Accrued"
COLUMNS = (
    "date",
    "event_id",
    "contract",
    "platform",
    "period_number",
    "period_from",
    "period_to",
    "revision",
    "clause",
    "days",
    "amount_eur",
    "eur_per_day",
)


def beancount(found: Sequence[Posting], settled: Settled) -> str:
    """A journal that `bean-check` accepts; the same postings always give the same bytes."""
    if not found:
        return ";; no days were granted\n"
    first = min(_date(each) for each in found)
    head = [
        f"{first} commodity DAY",
        '  name: "A day of the service without charge"',
        f"{first} open {EXPENSES} DAY,EUR",
        f"{first} open {ACCRUED} DAY,EUR",
    ]
    in_order = sorted(found, key=lambda each: (_date(each), each.position))
    return "\n".join([*head, *(line for each in in_order for line in _entry(each, settled))]) + "\n"


def _entry(posting: Posting, settled: Settled) -> Iterator[str]:
    days = abs(posting.days)
    story = f"{days} {'day' if days == 1 else 'days'} {posting.what}: {posting.platform}, {posting.clause}"
    yield ""
    yield f"{_date(posting)} * {_quoted(posting.contract)} {_quoted(story)} ^{link_of(posting.event_id)}"
    yield f"  event: {_quoted(posting.event_id)}"
    yield f"  platform: {_quoted(posting.platform)}"
    yield f"  period: {posting.period_number}"
    yield f"  period-from: {_quoted(format_instant(posting.period_from_ms))}"
    yield f"  period-to: {_quoted(format_instant(posting.period_to_ms))}"
    cents_per_day = settled.get(posting.period)
    if cents_per_day is not None:
        yield f"  eur-per-day: {euros(cents_per_day)}"
    yield f"  {EXPENSES}  {posting.days} DAY"
    yield f"  {ACCRUED}  {-posting.days} DAY"
    if cents_per_day:
        yield f"  {EXPENSES}  {euros(posting.days * cents_per_day)} EUR"
        yield f"  {ACCRUED}  {euros(-posting.days * cents_per_day)} EUR"


def link_of(event_id: str) -> str:
    """The event's id as a link: `assessment:acme/2` is `assessment/acme/2`, and each id another one."""
    return event_id.replace(":", "/").replace("@", "//")


def _quoted(text: str) -> str:
    return '"' + harmless_text(text).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _date(posting: Posting) -> str:
    """The day on which it was judged, in UTC."""
    return from_ms(posting.occurred_ms).date().isoformat()


def sheet(found: Sequence[Posting], settled: Settled) -> str:
    """A line for each posting. No cell can be taken for a formula."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for each in found:
        cents_per_day = settled.get(each.period)
        writer.writerow(
            (
                _date(each),
                each.event_id,
                each.contract,
                each.platform,
                each.period_number,
                format_instant(each.period_from_ms),
                format_instant(each.period_to_ms),
                each.revision,
                safe(harmless_text(each.clause)),
                each.days,
                "" if cents_per_day is None else euros(each.days * cents_per_day),
                "" if cents_per_day is None else euros(cents_per_day),
            )
        )
    return text.getvalue()
