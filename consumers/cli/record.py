"""`constat record`: facts of daily operation: backups, placement of data, storage, browsers."""

from typing import Annotated

import typer

from consumers.cli import common, recording

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Record backups, placement of data, storage and browsers.",
)

Platform = Annotated[str, typer.Argument(metavar="PLATFORM", help="The platform concerned.")]
Backup = Annotated[str, typer.Argument(metavar="BACKUP", help="The name of the backup.")]
OperatorOption = Annotated[str, typer.Option("--operator", help="Where it lies, as the contract names it.")]


@app.command("backup-taken")
def backup_taken(
    platform: Platform,
    backup: Backup,
    *,
    operator: OperatorOption,
    size_bytes: Annotated[int | None, typer.Option("--size-bytes", help="How large it is.")] = None,
    at: common.OccurredOption = None,
    as_json: common.JsonOption = False,
    ledger: common.LedgerOption = common.DEFAULT_LEDGER,
) -> None:
    """Say that a backup was taken in the main data centre."""
    from ledger import operations as subject

    def decide(state: subject.Operations) -> subject.BackupTaken:
        taken = subject.BackupTaken(
            platform=platform, backup=backup, operator=operator, size_bytes=size_bytes
        )
        return subject.take_backup(state, taken)

    recording.take_down(ledger, subject, platform, decide, at=at, as_json=as_json, platforms=[platform])


@app.command("backup-replicated")
def backup_replicated(
    platform: Platform,
    backup: Backup,
    *,
    operator: OperatorOption,
    at: common.OccurredOption = None,
    as_json: common.JsonOption = False,
    ledger: common.LedgerOption = common.DEFAULT_LEDGER,
) -> None:
    """Say that a backup was copied to a server outside the data centre."""
    from ledger import operations as subject

    def decide(state: subject.Operations) -> subject.BackupReplicated:
        copied = subject.BackupReplicated(platform=platform, backup=backup, operator=operator)
        return subject.replicate_backup(state, copied)

    recording.take_down(ledger, subject, platform, decide, at=at, as_json=as_json, platforms=[platform])


@app.command("backup-expired")
def backup_expired(
    platform: Platform,
    backup: Backup,
    *,
    at: common.OccurredOption = None,
    as_json: common.JsonOption = False,
    ledger: common.LedgerOption = common.DEFAULT_LEDGER,
) -> None:
    """Say that a backup was deleted everywhere."""
    from ledger import operations as subject

    def decide(state: subject.Operations) -> subject.BackupExpired:
        return subject.expire_backup(state, subject.BackupExpired(platform=platform, backup=backup))

    recording.take_down(ledger, subject, platform, decide, at=at, as_json=as_json, platforms=[platform])


@app.command()
def placement(
    platform: Platform,
    *,
    operator: Annotated[list[str], typer.Option("--operator", help="The main one first; repeatable.")],
    at: common.OccurredOption = None,
    as_json: common.JsonOption = False,
    ledger: common.LedgerOption = common.DEFAULT_LEDGER,
) -> None:
    """Say with which operators the platform's data lie from now on."""
    from ledger import operations as subject

    def decide(_: subject.Operations) -> subject.DataPlaced:
        return subject.DataPlaced(platform=platform, operators=tuple(operator))

    recording.take_down(ledger, subject, platform, decide, at=at, as_json=as_json, platforms=[platform])


@app.command()
def storage(
    platform: Platform,
    used_bytes: Annotated[int, typer.Argument(metavar="BYTES", help="How much is stored.")],
    *,
    at: common.OccurredOption = None,
    as_json: common.JsonOption = False,
    ledger: common.LedgerOption = common.DEFAULT_LEDGER,
) -> None:
    """Say how much the platform stores."""
    from ledger import operations as subject

    def decide(_: subject.Operations) -> subject.StorageMeasured:
        return subject.StorageMeasured(platform=platform, used_bytes=used_bytes)

    recording.take_down(ledger, subject, platform, decide, at=at, as_json=as_json, platforms=[platform])


@app.command()
def browser(
    platform: Platform,
    incident: Annotated[str, typer.Argument(metavar="INCIDENT", help="The incident that was met.")],
    named: Annotated[str, typer.Argument(metavar="NAME/MAJOR", help="The browser, as Firefox/128.")],
    *,
    at: common.OccurredOption = None,
    by: common.ByOption = "ops",
    as_json: common.JsonOption = False,
    ledger: common.LedgerOption = common.DEFAULT_LEDGER,
) -> None:
    """Say with which browser an incident was met on a platform."""
    from ledger import incidents as subject

    reported = recording.browser(named)

    def decide(state: subject.Incident) -> subject.BrowserReported:
        fact = subject.BrowserReported(incident=incident, platform=platform, browser=reported, by=by)
        return subject.report(state, fact)

    recording.take_down(ledger, subject, incident, decide, at=at, as_json=as_json, platforms=[platform])
