"""`constat topics`: the topics of a ledger on Kafka and those beside them, made and checked."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from consumers.cli import common, printing

if TYPE_CHECKING:
    from ledger.log.kafka.address import Address
    from ledger.log.kafka.settings import Fault, Topic, Topics

app = typer.Typer(no_args_is_help=True, help="Make and check the topics of a ledger on Kafka.")

NEVER = 2**63 - 1
"""What a broker shows of a topic that nobody told after how many records it is to be forced to disk."""
PROBE_PARTITIONS = 6
"""Those of `ledger.log.kafka.topics`, without loading the client for `--help`; a test compares them."""

Replicas = Annotated[int, typer.Option("--replicas", min=1, help="On how many brokers each record is kept.")]
MinInSync = Annotated[
    int | None,
    typer.Option(
        "--min-in-sync",
        min=1,
        help="How many of them must have a record before it is acknowledged; a majority if not given.",
    ),
]
ProbePartitions = Annotated[
    int,
    typer.Option("--probe-partitions", min=1, help="Over how many partitions agents are spread, for ever."),
]


class Codec(StrEnum):
    """In what brokers may keep rounds; those of `ledger.log.kafka.settings`, as a test compares."""

    ZSTD = "zstd"
    GZIP = "gzip"
    UNCOMPRESSED = "uncompressed"


Compression = Annotated[
    Codec | None,
    typer.Option(
        "--compression",
        help="In what brokers keep rounds: less disk, more time to read. If not given, as they are sent.",
    ),
]
FlushEach = Annotated[
    bool,
    typer.Option("--flush-each", help="Force each record to disk at once: one broker alone, a power cut."),
]


@app.command()
def create(
    *,
    replicas: Replicas = 1,
    min_in_sync: MinInSync = None,
    probe_partitions: ProbePartitions = PROBE_PARTITIONS,
    flush_each: FlushEach = False,
    compression: Compression = None,
    ledger: common.LedgerOption = common.DEFAULT_LEDGER,
    context: typer.Context,
) -> None:
    """Make the topics that are not there yet, then check all; exit 1 if a setting could lose facts.

    A topic that is there already is left as it is; what of it is not as an option asks is said, with how to
    change it, and is exit 1, too.
    """
    from ledger.log.kafka import topics
    from ledger.log.kafka.asked import Asked, differences

    address = _address(ledger)
    made = topics.create(
        address,
        replicas=replicas,
        min_in_sync=min_in_sync,
        probe_partitions=probe_partitions,
        flush_each=flush_each,
        compression=compression,
    )
    for name in (address.decisions, address.probes, address.penalties, address.changes):
        print(f"made {name}" if name in made else f"{name} is there already, and was left as it is")
    found = topics.look(address)
    asked = Asked(
        replicas if _is_given(context, "replicas") else None,
        min_in_sync,
        probe_partitions if _is_given(context, "probe_partitions") else None,
        flush_each,
        compression,
    )
    others = differences(address, found, asked)
    for other in others:
        print(other)
    _judge(address, found, as_json=False)
    if others:
        raise typer.Exit(1)


def _is_given(context: typer.Context, option: str) -> bool:
    source = context.get_parameter_source(option)
    return source is not None and source.name == "COMMANDLINE"


@app.command()
def check(*, as_json: common.JsonOption = False, ledger: common.LedgerOption = common.DEFAULT_LEDGER) -> None:
    """Name every setting that could lose or reorder facts; exit 1 if there is one."""
    from ledger.log.kafka import topics

    address = _address(ledger)
    _judge(address, topics.look(address), as_json=as_json)


def _address(url: str) -> "Address":
    from ledger.errors import BadInputError
    from ledger.log.kafka.address import DEFAULT_LEDGER, SCHEME, parse

    if not url.startswith(SCHEME):
        raise BadInputError(
            f"{url!r} is not on Kafka and has no topics; name a ledger that is: "
            f"--ledger {SCHEME}host:9092/{DEFAULT_LEDGER}"
        )
    return parse(url)


def _judge(address: "Address", found: "Topics", *, as_json: bool) -> None:
    from ledger.log.kafka import changes, penalties

    feed, told = penalties.look(address), changes.look(address)
    shown = [found.decisions, found.probes, *([feed] if feed else []), *([told] if told else [])]
    faults = [*found.faults(), *(penalties.faults(feed) if feed else [])]
    if as_json:
        printing.print_json(_as_json(found.cluster_id, shown, faults))
    else:
        for topic in shown:
            print(_line(topic))
        if feed is None:
            print(f"{address.penalties}: not there, or closed to you; only `constat relay` needs it")
        if told is None:
            print(f"{address.changes}: not there, or closed to you; only `constat fold` needs it")
        elif why := changes.misfit(told, found.probes.partitions):
            print(f"{why}; {changes.ADVICE.format(address)}")
        for fault in faults:
            print(fault)
        print("could lose or reorder facts" if faults else "every setting is as it must be")
    if faults:
        raise typer.Exit(1)


def _line(topic: "Topic") -> str:
    in_sync = topic.settings.get("min.insync.replicas", "unset")
    return (
        f"{topic.name}: partitions {topic.partitions}, replicas {topic.replicas}, "
        f"in step before an append is acknowledged {in_sync}, {_flushing(topic)}"
    )


def _flushing(topic: "Topic") -> str:
    """When its records are on the disks, as far as the topic says."""
    from ledger.log.kafka.settings import FLUSH

    records = topic.settings.get(FLUSH, "")
    if records == "1":
        return "each record forced to disk"
    is_few = records.isdecimal() and int(records) < NEVER
    return f"forced to disk after {records} records" if is_few else "forced to disk when the system likes"


def _as_json(cluster_id: str, shown: list["Topic"], faults: list["Fault"]) -> dict[str, Any]:
    return {
        "fits": not faults,
        "cluster": cluster_id,
        "topics": [topic._asdict() for topic in shown],
        "faults": [fault._asdict() for fault in faults],
    }
