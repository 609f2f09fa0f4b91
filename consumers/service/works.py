"""What each consumer of `constat run` does from its beginning to its end, with a ledger of its own."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal, get_args

import structlog

from consumers.assess import Hands
from consumers.billing.ledger_source import LedgerSource
from consumers.billing.run import Biller
from consumers.billing.store import Store
from consumers.judges import hands_of
from consumers.notices import running
from consumers.notices.escalating import told
from consumers.relay.event import FeedEvent
from consumers.relay.run import relay
from consumers.relay.sink import Sink
from consumers.service.appends import TimedLedger
from consumers.service.assessing import Assessor
from consumers.service.supervisor import Work
from consumers.settings import Settings
from consumers.stopping import Stop
from consumers.workers import Workers
from ledger.errors import ConflictError
from ledger.log.interface import Engine
from ledger.mails import FATES, MailAccepted

Consumer = Literal["notify", "assess", "relay", "bill"]
CONSUMERS: tuple[Consumer, ...] = get_args(Consumer)

_LOG = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True)
class Setup:
    """What the consumers are told, and who hears of them."""

    url: str
    settings: Settings
    every_s: float
    now_ms: Callable[[], int]
    sink: Callable[[], Sink] | None = None
    """Opens the place that the feed goes to, if it goes anywhere."""
    bill_store: Path | None = None
    appended: Callable[[float], None] = lambda _: None
    """Hears how long an append took."""
    relayed: Callable[[int], None] = lambda _: None
    """Hears up to which position the feed has arrived."""

    def works(self, names: Sequence[Consumer]) -> Mapping[str, Work]:
        """What each of some consumers does."""
        each: Mapping[Consumer, Callable[[Setup, Stop], None]] = {
            "notify": _notify,
            "assess": _assess,
            "relay": _relay,
            "bill": _bill,
        }
        return {name: partial(each[name], self) for name in names}

    @contextmanager
    def ledger(self) -> Iterator[TimedLedger]:
        """A ledger for one consumer alone."""
        with TimedLedger.open(self.url, create=False) as opened:
            opened.heard = self.appended
            yield opened


# ---------------------------------------------------------------- notify


def _notify(setup: Setup, stop: Stop) -> None:
    settings = setup.settings.model_copy(update={"notify_seconds": setup.every_s})
    with (
        setup.ledger() as ledger,
        running.sending(ledger, settings, setup.now_ms) as sender,
        sender.store.claimed() as is_ours,
    ):
        if not is_ours:
            raise ConflictError("another process notifies from this directory; it sends what is due")
        running.follow(sender, settings, stop, _mailed, partial(_LOG.warning, "not now"))


def _mailed(done: running.Done) -> None:
    """Which mail met which fate. The name of a mail is a hash, and says nothing of a person."""
    for step in done.steps:
        level = _LOG.info if isinstance(step.fact, MailAccepted) else _LOG.warning
        fate = FATES[type(step.fact)]
        level("mail", fate=fate, mail=step.fact.mail, contract=step.fact.contract, attempt=step.fact.attempt)
    for fact in done.escalated:
        _LOG.warning("escalated", contract=fact.contract, why=told(fact))


# ---------------------------------------------------------------- assess, relay, bill


def _assess(setup: Setup, stop: Stop) -> None:
    with setup.ledger() as ledger:
        working = partial(_working, setup.url)
        Assessor(ledger, setup.now_ms, working=working).run(stop, setup.every_s)


@contextmanager
def _working(url: str) -> Iterator[Hands]:
    """Processes for one look, which start only if there is much to do."""
    with Workers.of(url) as workers:
        yield hands_of(workers)


class _WatchedSink:
    """A place that the feed goes to, which says how far it has come."""

    def __init__(self, sink: Sink, relayed: Callable[[int], None]) -> None:
        self._sink = sink
        self._relayed = relayed
        self.batch_size = sink.batch_size

    def position(self, engine: Engine) -> int:
        found = self._sink.position(engine)
        self._relayed(found)
        return found

    def send(self, events: Sequence[FeedEvent]) -> None:
        self._sink.send(events)
        self._relayed(events[-1].position)
        _LOG.info("relayed", events=len(events), position=events[-1].position)

    def close(self) -> None:
        self._sink.close()


def _relay(setup: Setup, stop: Stop) -> None:
    assert setup.sink
    with setup.ledger() as ledger, closing(_WatchedSink(setup.sink(), setup.relayed)) as sink:
        relay(ledger.engine, sink, stop, follow=True)


def _bill(setup: Setup, stop: Stop) -> None:
    with setup.ledger() as ledger, closing(Store(str(setup.bill_store), create=True)) as store:
        Biller(store, LedgerSource(ledger.engine), setup.now_ms, _billed).run(stop, follow=True)


def _billed(entries: int, position: int) -> None:
    _LOG.info("billed", entries=entries, position=position)
