"""`constat topics`: the topics of a ledger on Kafka and of its penalty feed, made and checked."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from consumers.cli import common

if TYPE_CHECKING:
    from ledger.log.kafka.address import Address
    from ledger.log.kafka.topics import Fault, Topic

app = typer.Typer(no_args_is_help=True, help="Make and check the topics of a ledger on Kafka.")

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
    ledger: common.LedgerOption = common.DEFAULT_LEDGER,
) -> None:
    """Make the topics that are not there yet, then check all; exit 1 if a setting could lose facts.

    A topic that is there already is left as it is.
    """
    from ledger.log.kafka import topics

    address = _address(ledger)
    made = topics.create(
        address,
        replicas=replicas,
        min_in_sync=min_in_sync,
        probe_partitions=probe_partitions,
        flush_each=flush_each,
    )
    for name in (address.decisions, address.probes, address.penalties):
        print(f"made {name}" if name in made else f"{name} is there already")
    _judge(address, as_json=False)


@app.command()
def check(*, as_json: common.JsonOption = False, ledger: common.LedgerOption = common.DEFAULT_LEDGER) -> None:
    """Name every setting that could lose or reorder facts; exit 1 if there is one."""
    _judge(_address(ledger), as_json=as_json)


def _address(url: str) -> "Address":
    from ledger.errors import BadInputError
    from ledger.log.kafka.address import DEFAULT_LEDGER, SCHEME, parse

    if not url.startswith(SCHEME):
        raise BadInputError(
            f"{url!r} is not on Kafka and has no topics; name a ledger that is: "
            f"--ledger {SCHEME}host:9092/{DEFAULT_LEDGER}"
        )
    return parse(url)


def _judge(address: "Address", *, as_json: bool) -> None:
    from ledger.log.kafka import penalties, topics

    found, feed = topics.look(address), penalties.look(address)
    shown = [found.decisions, found.probes, *([feed] if feed else [])]
    faults = [*found.faults(), *(penalties.faults(feed) if feed else [])]
    if as_json:
        common.print_json(_as_json(found.cluster_id, shown, faults))
    else:
        for topic in shown:
            print(_line(topic))
        if feed is None:
            print(f"{address.penalties}: not there, or closed to you; only `constat relay` needs it")
        for fault in faults:
            print(fault)
        print("could lose or reorder facts" if faults else "every setting is as it must be")
    if faults:
        raise typer.Exit(1)


def _line(topic: "Topic") -> str:
    in_sync = topic.settings.get("min.insync.replicas", "unset")
    return (
        f"{topic.name}: partitions {topic.partitions}, replicas {topic.replicas}, "
        f"in step before an append is acknowledged {in_sync}"
    )


def _as_json(cluster_id: str, shown: list["Topic"], faults: list["Fault"]) -> dict[str, Any]:
    return {
        "fits": not faults,
        "cluster": cluster_id,
        "topics": [topic._asdict() for topic in shown],
        "faults": [fault._asdict() for fault in faults],
    }
