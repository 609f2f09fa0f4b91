"""`constat agent run` without its ledger, or without room: rounds wait on its disk, and arrive once."""

import itertools

import pytest

from ledger.log.kafka import address, topics
from ledger.outbox.pending import look
from ledger.verify import verify
from tests.consumers.agent.places import Place, stop
from tests.consumers.agent.services import closed_port
from tests.consumers.services import wait_until

FULL = {"the outbox is nearly full: send what waits, or raise outbox_bytes_max", "a round was not kept"}


@pytest.mark.slow
def test_while_the_ledger_is_away_rounds_and_facts_wait_and_then_arrive_once_and_in_order(place, service):
    place.write(service, acme_prod=service.url())
    place.probe_until(1)

    place.take_ledger_away()
    for _ in range(2):  # it is started while the ledger is away, and stopped, and started again
        place.probe_until(len(place.kept()) + 2)
    waiting = look(str(place.folder / "paris.outbox.db")).rounds
    assert waiting >= 4
    place.bring_ledger_back()
    place.probe_until(len(place.kept()) + 1)

    numbers = [found.number for found in place.rounds()]
    assert numbers == place.kept() == list(range(1, len(numbers) + 1))
    assert len(place.runs()) == 4
    assert all(run.stopped for run in place.runs())
    assert all(one.stopped_ms <= other.started_ms for one, other in itertools.pairwise(place.runs()))
    with place.ledger() as ledger:
        assert verify(ledger.engine).misfit is None


@pytest.mark.slow
def test_the_ledger_that_comes_back_while_the_agent_runs_is_found(place, service):
    place.write(service, acme_prod=service.url())
    place.probe_until(1)
    place.take_ledger_away()

    with place.running() as process:
        place.until_kept(3)
        place.bring_ledger_back()
        place.until_ledger_is_back()
        place.until_more_are_kept(1)
        stop(process)

    assert [found.number for found in place.rounds()] == place.kept()


@pytest.mark.slow
def test_another_plan_waits_for_the_ledger_and_meanwhile_the_known_one_goes_on(place, service):
    place.write(service, acme_prod=service.url(), acme_test=service.url())
    place.probe_until(1)
    place.write(service, acme_prod=service.url(), acme_new=service.url())
    place.take_ledger_away()

    with place.running() as process:
        place.until_kept(2)
        place.bring_ledger_back()
        place.until_ledger_is_back()
        place.until_more_are_kept(2)
        stop(process)

    first, second, *_, last = place.rounds()
    assert (first.plan, len(first.missing)) == ("paris/1", 0)
    assert (second.plan, len(second.missing)) == ("paris/1", 1)
    assert (last.plan, len(last.missing)) == ("paris/2", 0)


@pytest.mark.slow
def test_an_outbox_that_is_full_is_told_and_the_rounds_that_it_has_are_kept(place, service):
    refusing = f"http://127.0.0.1:{closed_port()}/"  # the longest errors at the least cost
    targets = {f"acme_{number}": refusing for number in range(120)}
    place.write(service, **targets)
    path = place.folder / "agent.toml"
    path.write_text("outbox_bytes_max = 65536\n" + path.read_text())
    place.probe_until(1)
    place.take_ledger_away()

    with place.running() as process:
        wait_until(lambda: place.events() >= FULL, "the outbox is full")
        place.bring_ledger_back()
        place.until_ledger_is_back()
        place.until_more_are_kept(1)
        stop(process)

    (refused, *_) = [line for line in place.log if line["event"] == "a round was not kept"]
    assert "outbox is at its limit" in refused["why"]
    numbers = [found.number for found in place.rounds()]
    assert numbers == place.kept()
    assert refused["number"] not in numbers


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_while_the_broker_is_away_rounds_wait_over_restarts_and_then_arrive_once(
    own_broker, tmp_path, service
):
    url = f"kafka://{own_broker.address}/away?mirrors={tmp_path}/mirrors"
    topics.create(address.parse(url), probe_partitions=2)
    place = Place(tmp_path, url)
    place.sign()
    place.write(service, acme_prod=service.url())
    place.probe_until(1)

    container = own_broker.get_wrapped_container()
    container.pause()
    for _ in range(2):
        with place.running() as process:
            place.until_more_are_kept(2)
            process.kill()
            process.wait()
    container.unpause()
    with place.running() as process:
        place.until_more_are_kept(1)
        wait_until(lambda: look(str(tmp_path / "paris.outbox.db")).rounds == 0, "all has arrived")
        stop(process)

    numbers = [found.number for found in place.rounds()]
    assert set(place.kept()) <= set(numbers)
    assert len(numbers) == len(set(numbers))
    assert len(place.runs()) == 4
