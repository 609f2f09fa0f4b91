"""The commands there are: which module holds each, and what it does to the ledger."""

from enum import Enum
from typing import NamedTuple


class Effect(Enum):
    """What a command does to the ledger; its value is said to who interrupts it."""

    READS = "it only read, and nothing was changed"
    GOES_ON = "what was acknowledged before is stored; run the same command again"
    """It finds what is there already when it runs again."""
    TAKES_DOWN = (
        "a fact that was acknowledged before is stored; look whether it is there before you run it again"
    )
    """When it runs again it is refused, or takes another fact down."""


class Command(NamedTuple):
    """A command of the table below."""

    module: str
    """What holds it under `consumers.cli`."""
    line: str
    """Of it in `constat --help`."""
    effect: Effect


COMMANDS = {
    "demo": Command(
        "demo", "Play a realistic month of three clients and show the statement in dispute.", Effect.GOES_ON
    ),
    "contract": Command(
        "contract", "Sign, amend, end and show contracts; write a template.", Effect.TAKES_DOWN
    ),
    "import": Command(
        "imports",
        "Take in what others probed or told: results, histories, status pages, notices, lists.",
        Effect.GOES_ON,
    ),
    "notice": Command(
        "notice",
        "Announce maintenance; move or withdraw an announcement; list what is announced.",
        Effect.TAKES_DOWN,
    ),
    "maintenance": Command("maintenance", "Say when announced work started and finished.", Effect.TAKES_DOWN),
    "incident": Command(
        "incident", "Open, update and resolve incidents; record data-loss alerts.", Effect.TAKES_DOWN
    ),
    "claim": Command("claim", "File claims of force majeure and rule on them.", Effect.TAKES_DOWN),
    "correct": Command("correct", "Annul or restate an interval of an agent's results.", Effect.TAKES_DOWN),
    "directory": Command(
        "directory", "Synchronise, show and erase the designated administrators.", Effect.TAKES_DOWN
    ),
    "notify": Command(
        "notify",
        "Mail notices, alerts and changes of sub-processors; take down what became of them.",
        Effect.GOES_ON,
    ),
    "support": Command(
        "support",
        "File and answer support requests; record interventions; show whose clock runs.",
        Effect.TAKES_DOWN,
    ),
    "inbox": Command(
        "inbox", "Show what needs somebody now, what costs first before what costs later.", Effect.READS
    ),
    "record": Command(
        "record", "Record backups, placement of data, storage and browsers.", Effect.TAKES_DOWN
    ),
    "processor": Command(
        "processor", "Engage, change and dismiss sub-processors; show who was told of it.", Effect.TAKES_DOWN
    ),
    "bulletin": Command(
        "bulletin",
        "Show what operators published of their incidents and works, and when it was seen.",
        Effect.READS,
    ),
    "evidence": Command(
        "evidence", "Show, list and check the documents that facts name by their hash.", Effect.READS
    ),
    "component": Command(
        "component", "Enable and disable the optional components of a platform.", Effect.TAKES_DOWN
    ),
    "personal-data": Command(
        "personal_data", "Lay out who processes a contract's personal data.", Effect.READS
    ),
    "statement": Command(
        "statement",
        "Lay out a period: availability, penalties, register, commitments, reasons.",
        Effect.READS,
    ),
    "availability": Command("parts", "The availability of a period.", Effect.READS),
    "penalties": Command("parts", "The free days of a period.", Effect.READS),
    "register": Command(
        "parts", "The register of a period: what was done, reported, claimed and corrected.", Effect.READS
    ),
    "commitments": Command("parts", "The other promises of the contract, kept or broken.", Effect.READS),
    "explain": Command("explain", "Why a second, a minute or a tranche counts as it does.", Effect.READS),
    "compare": Command("compare", "What other readings of the contract would give, in days.", Effect.READS),
    "diff": Command("diff", "Which facts moved a figure between two moments of knowledge.", Effect.READS),
    "seal": Command(
        "seal", "Fix what the ledger holds under a name that figures can be asked for by.", Effect.TAKES_DOWN
    ),
    "assess": Command(
        "assess", "Assess the periods that have ended, and take down the days that follow.", Effect.GOES_ON
    ),
    "agent": Command(
        "agent", "Run an agent that probes; try its file; retire agents that are gone.", Effect.TAKES_DOWN
    ),
    "live": Command(
        "live", "Show how the platforms and agents are now, as the ledger sees it.", Effect.READS
    ),
    "outbox": Command(
        "outbox", "Show and send the rounds that an agent keeps while its ledger is away.", Effect.GOES_ON
    ),
    "relay": Command(
        "relay",
        "Publish the penalty feed: a topic, a file of JSON lines, or an HTTP endpoint.",
        Effect.GOES_ON,
    ),
    "bill": Command(
        "bill",
        "Keep the days that are owed from the feed, each penalty once; export and push them.",
        Effect.GOES_ON,
    ),
    "run": Command(
        "run", "Run what a ledger needs in one process: notify, assess, relay and bill.", Effect.GOES_ON
    ),
    "metrics": Command(
        "metrics", "Tell a monitoring system how the ledger and its consumers are.", Effect.READS
    ),
    "export": Command(
        "export", "Write the register and the figures in the forms that others read.", Effect.READS
    ),
    "topics": Command("topics", "Make and check the topics of a ledger on Kafka.", Effect.GOES_ON),
    "copy": Command(
        "copy",
        "Move a ledger to another engine, byte for byte; go on with a copy that broke off.",
        Effect.GOES_ON,
    ),
    "verify": Command("verify", "Read everything again and check every hash.", Effect.READS),
    "fold": Command(
        "fold",
        "Fold the rounds of a ledger on Kafka for everybody who asks, one of many.",
        Effect.GOES_ON,
    ),
    "bench": Command(
        "bench",
        "Measure a replay of the reference month beside other ways to the same figures.",
        Effect.GOES_ON,
    ),
}
"""A module has `app`, a typer application; one with several commands of this table has `APPS` by name."""
