"""Inboxes in a word: what a story needs somebody for at a moment."""

from ledger.directory import DirectorySynchronised
from ledger.mails import MailAccepted, MailBounced, MailRefused
from projections.asof import Known
from projections.inbox import inbox
from projections.moment import at_head
from tests.projections.promised import PROD, acme, october
from tests.spec import Story, ms

TUESDAY = "2026-10-06T02:00:00+02:00/2026-10-06T04:00:00+02:00"
WEDNESDAY = "2026-10-07T02:00:00+02:00/2026-10-07T04:00:00+02:00"
DEADLINE = "2026-10-05T02:00:00+02:00"
SHA256 = "sha256:" + "0" * 64


def look(story: Story, at: str, *kinds: str, contract: str | None = None):
    """The items at a moment, of some kinds only if any are named."""
    known = Known.at(story.engine, at_head(story.engine, ms(at)))
    return [each for each in inbox(known, contract).items if not kinds or each.kind in kinds]


def listed(story: Story, contract: str = "acme", at: str | None = None) -> Story:
    fact = DirectorySynchronised(contract=contract, administrators=("p-1", "p-2"), count=2)
    return story.fact(f"directory:{contract}", fact, at)


def announced(at: str = "1 12:00", **terms) -> Story:
    """A contract with two administrators, to whom the work of Tuesday night was announced."""
    return listed(acme(**terms).at(october(at))).notice("m1", [PROD], TUESDAY)


def mailed(
    story: Story, kind, person: str = "p-1", *, contract: str = "acme", cause: int | None = None, **more
):
    """What became of the mail about the last notice to one person."""
    fact = kind(
        mail=f"mail-{contract}-{person}-{cause or 0}",
        contract=contract,
        person=person,
        cause=cause or story.known().maintenances["m1"].notices[-1].position,
        message_id="<m@provider.example>",
        sha256=SHA256,
        attempt=1,
        **({"maintenance": "m1"} | more),
    )
    return story.fact(f"mail:{fact.mail}", fact)


def accepted(story: Story, person: str = "p-1", **more) -> Story:
    return mailed(story, MailAccepted, person, code=250, reply="OK", **more)


def refused(story: Story, person: str = "p-1", **more) -> Story:
    return mailed(story, MailRefused, person, code=550, reply="no", **more)


def bounced(story: Story, person: str = "p-1", **more) -> Story:
    return mailed(story, MailBounced, person, status="5.1.1", diagnostic="no", report=SHA256, **more)
