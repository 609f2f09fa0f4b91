"""`constat notify`: mail to the administrators what concerns them, and read what came back."""

from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from consumers.cli import common, opening, printing, times
from consumers.cli.directory import DirectoryOption, EvidenceOption

if TYPE_CHECKING:
    from collections.abc import Iterator

    from consumers.notices.messages import Message
    from consumers.notices.running import Done, Waiting
    from consumers.notices.sending import Sender, Step
    from consumers.settings import Settings
    from ledger.fact import Fact

app = typer.Typer(
    add_completion=False,
    help="Mail notices, alerts and changes of sub-processors; take down what became of them.",
)


@app.callback(invoke_without_command=True)
def notify(
    context: typer.Context,
    *,
    once: Annotated[bool, typer.Option("--once", help="Send what is due and leave: the default.")] = False,
    follow: Annotated[bool, typer.Option("--follow", help="Stay, and send whatever becomes due.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be sent now.")] = False,
    directory: DirectoryOption = None,
    evidence: EvidenceOption = None,
    as_json: common.JsonOption = False,
    ledger: common.LedgerOption = common.DEFAULT_LEDGER,
) -> None:
    """Send what is due to the mail server of CONSTAT_SMTP_HOST, one mail to each administrator.

    Each attempt and each reply is taken down; what was refused or not answered is tried again later. Exit 1
    if something was not taken or had to be escalated.
    """
    from ledger.errors import BadInputError

    if context.invoked_subcommand is not None:
        return
    if follow and (once or dry_run):
        raise BadInputError("--follow stays; leave it out, or leave out --once and --dry-run")
    with _sending(ledger, directory, evidence) as (sender, found), sender.store.claimed() as is_ours:
        if not is_ours:
            printing.warn("another process notifies from this directory; it sends what is due")
        elif dry_run:
            _show_due(sender, as_json=as_json)
        else:
            _run(sender, found, follow=follow, as_json=as_json)


def _run(sender: "Sender", found: "Settings", *, follow: bool, as_json: bool) -> None:
    from consumers.notices import running
    from consumers.stopping import until_told

    if follow:
        with until_told() as stop:
            running.follow(
                sender, found, stop, lambda done: _show(done, as_json=as_json, is_last=False), printing.warn
            )
        return
    done = running.run_once(sender, found)
    _show(done, as_json=as_json, is_last=True)
    if not done.is_well:
        raise typer.Exit(1)


@app.command()
def bounce(
    file: Annotated[Path, typer.Argument(metavar="FILE.eml", help="A delivery report.")],
    *,
    directory: DirectoryOption = None,
    evidence: EvidenceOption = None,
    as_json: common.JsonOption = False,
    ledger: common.LedgerOption = common.DEFAULT_LEDGER,
) -> None:
    """Take down that a mail came back; exit 1 if the file tells of none of ours, or was read before."""
    _take_down(file, ledger, directory, evidence, as_json=as_json)


@app.command()
def bounces(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A maildir, an mbox, or .eml files.")],
    *,
    directory: DirectoryOption = None,
    evidence: EvidenceOption = None,
    as_json: common.JsonOption = False,
    ledger: common.LedgerOption = common.DEFAULT_LEDGER,
) -> None:
    """Take down every mail that came back; what was read before and what is no report changes nothing."""
    _take_down(folder, ledger, directory, evidence, as_json=as_json, nothing_is_well=True)


def _take_down(
    path: Path,
    ledger: str,
    directory: Path | None,
    evidence: Path | None,
    *,
    as_json: bool,
    nothing_is_well: bool = False,
) -> None:
    from consumers import settings
    from consumers.directory.store import open_store
    from consumers.evidence import Evidence
    from consumers.notices.bounces import Returns, read_reports
    from consumers.pages.harmless import harmless_text

    found = settings.read(directory=directory, evidence=evidence)
    with (
        opening.open_ledger(ledger) as opened,
        closing(open_store(found.directory, create=False)) as store,
    ):
        returns = Returns(opened, store, Evidence(found.evidence))
        known = opening.known_now(opened)
        taken = [returns.take_down(each, known, times.now_ms()) for each in read_reports(path)]
    facts = [fact for fact in taken if fact]
    if as_json:
        printing.print_json({"bounced": [_fact(fact) for fact in facts]})
    else:
        for fact in facts:
            said = harmless_text(f"{fact.status} {fact.diagnostic}")
            print(f"mail {fact.mail} to {fact.person} came back: {said}")
    if not facts and not nothing_is_well:
        printing.warn(f"{path} tells of no mail of this ledger that came back, or was read before")
        raise typer.Exit(1)


# ---------------------------------------------------------------- what is opened


@contextmanager
def _sending(
    ledger: str, directory: Path | None, evidence: Path | None
) -> "Iterator[tuple[Sender, Settings]]":
    from consumers import settings
    from consumers.notices import running

    found = settings.read(directory=directory, evidence=evidence)
    with opening.open_ledger(ledger) as opened, running.sending(opened, found, times.now_ms) as sender:
        yield sender, found


# ---------------------------------------------------------------- what is shown


def _show_due(sender: "Sender", *, as_json: bool) -> None:
    from consumers.notices.running import Waiting

    known = sender.known()
    due = sender.due(sender.pending(known))
    if as_json:
        printing.print_json({"due": [_message(message) for message in due]})
        return
    for message in due:
        print(f"would send {_about(message)}")
    if not due:
        print(_waiting(Waiting.of(sender, known)) or "nothing is due")


def _show(done: "Done", *, as_json: bool, is_last: bool) -> None:
    from consumers.notices.escalating import told

    if as_json:
        printing.print_json(_as_json(done))
    else:
        for line in _lines(done, is_last=is_last):
            print(line, flush=True)
    for fact in done.escalated:
        printing.warn(told(fact))


def _lines(done: "Done", *, is_last: bool) -> "Iterator[str]":
    from consumers.notices.escalating import told

    yield from map(_told, done.steps)
    for fact in done.ops_told:
        yield f"ops were mailed: {told(fact)}"
    if is_last and (waiting := _waiting(done.waiting)):
        yield waiting
    elif is_last and not done.steps and not done.ops_told:
        yield "nothing is due"


def _waiting(waiting: "Waiting") -> str | None:
    """What mails wait for, in a sentence; None if none does."""
    from ledger.errors import counted
    from ledger.instants import format_instant

    if not waiting.mails:
        return None
    verb = "waits" if waiting.mails == 1 else "wait"
    return f"{counted(waiting.mails, 'mail')} {verb}, next at {format_instant(waiting.next_ms)}"


def _as_json(done: "Done") -> dict[str, Any]:
    from consumers.notices.messages import NEVER_MS
    from ledger.instants import format_instant

    return {
        "mails": [_message(step.message) | _fact(step.fact) for step in done.steps],
        "escalated": [_fact(fact) for fact in done.escalated],
        "ops_mailed": [_fact(fact) for fact in done.ops_told],
        "waiting": done.waiting.mails,
        "next_at": None if done.next_ms >= NEVER_MS else format_instant(done.next_ms),
    }


def _fact(fact: "Fact") -> dict[str, Any]:
    return {"type": fact.TYPE} | fact.model_dump(mode="json", by_alias=True, exclude_none=True)


def _message(message: "Message") -> dict[str, Any]:
    return {
        "mail": message.name,
        "contract": message.occasion.contract,
        "person": message.person,
        "kind": message.occasion.kind,
        "name": message.occasion.name,
        "attempts_before": message.state.attempts,
    }


def _about(message: "Message") -> str:
    occasion = message.occasion
    match occasion.about:
        case "maintenance":
            what = f"notice {occasion.kind} of {occasion.name}"
        case "incident":
            what = f"alert of {occasion.name}"
        case "processor":
            what = f"announcement of sub-processor {occasion.name} ({occasion.kind})"
    return f"{what} to {message.person} of {occasion.contract}"


def _told(step: "Step") -> str:
    from consumers.pages.harmless import harmless_text
    from ledger.mails import FATES
    from projections.register_mails import reply

    fate = FATES[type(step.fact)]
    said = harmless_text(reply(step.fact) or "")
    return f"{fate}: {_about(step.message)}, attempt {step.fact.attempt}{f' ({said})' if said else ''}"
