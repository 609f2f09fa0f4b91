"""A real Alertmanager: its silences are claims that somebody has to rule on, and nothing more."""

import time

import pytest
import urllib3

from ledger.errors import BadInputError
from ledger.fact import hash_of
from ledger.instants import format_instant
from ledger.intake.alertmanager import import_silences, read
from ledger.intake.web import Address, Web
from tests import programs
from tests.ports import free_port
from tests.spec import Story

SITE = "https://acme.example/"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    programs.require("prometheus-alertmanager")
    with programs.alertmanager(tmp_path_factory.mktemp("alertmanager"), free_port()) as url:
        yield url


def now_ms():
    return time.time_ns() // 1_000_000


def silence(server, value=SITE, *, is_regex=False, comment="new disks"):
    """A silence of an hour from now on; its name."""
    begin_ms = now_ms()
    matchers = [
        {"name": "instance", "value": value, "isRegex": is_regex, "isEqual": True},
        {"name": "alertname", "value": "Down", "isRegex": False, "isEqual": True},
    ]
    body = {
        "matchers": matchers,
        "startsAt": format_instant(begin_ms),
        "endsAt": format_instant(begin_ms + 3_600_000),
        "createdBy": "Jeanne Dupont",
        "comment": comment,
    }
    made = urllib3.request("POST", f"{server}/api/v2/silences", json=body)
    assert made.status == 200, made.data
    time.sleep(0.05)
    return made.json()["silenceID"]


def expire(server, name):
    assert urllib3.request("DELETE", f"{server}/api/v2/silence/{name}").status == 200


def imported(story, server):
    web = Web(Address.parse(server), delays_s=())
    found = read(web, "instance", {SITE: "acme-prod"})
    return import_silences(story.ledger, server, found, {"acme-prod"}, now_ms(), hash_of)


def claims_of(story, *names):
    return {name: story.known().claims.get(f"silence-{name}") for name in names}


def test_an_expired_silence_is_a_claim_that_nobody_has_ruled_on_and_no_notice(server):
    story = Story().contract()
    name = silence(server)
    expire(server, name)

    imported(story, server)

    known = story.known()
    claim = known.claims[f"silence-{name}"]
    assert claim.filed.platforms == ("acme-prod",)
    assert claim.ruling is None
    assert claim.filed.event == (
        f'planned work, as a silence of Alertmanager says it (alertname="Down", instance="{SITE}"): new disks'
    )
    assert 0 < claim.filed.claimed.interval.end_ms - claim.filed.claimed.interval.start_ms < 60_000
    assert known.maintenances == {}


def test_who_made_a_silence_is_not_written_into_the_ledger(server):
    story = Story().contract()
    expire(server, silence(server))

    imported(story, server)

    assert not any(b"Jeanne" in kept.value for kept in story.engine.facts())


def test_a_silence_that_can_still_be_moved_waits_until_it_has_expired(server):
    story = Story().contract()
    name = silence(server)

    before = imported(story, server)
    unfiled = claims_of(story, name)
    expire(server, name)
    after = imported(story, server)
    again = imported(story, server)

    assert unfiled == {name: None}
    assert any("not expired yet" in note for note in before.notes)
    assert after.stored == 1
    assert claims_of(story, name)[name] is not None
    assert again.stored == 0


@pytest.mark.parametrize(("value", "is_regex"), [("https://acme.*", True), ("https://other.example/", False)])
def test_a_pattern_and_a_platform_of_nobody_are_left_out_and_said(server, value, is_regex):
    story = Story().contract()
    name = silence(server, value, is_regex=is_regex)
    expire(server, name)

    taken = imported(story, server)

    assert claims_of(story, name) == {name: None}
    assert any("name no platform of a contract" in note for note in taken.notes)


def test_an_address_that_is_no_alertmanager_is_refused_with_advice(server):
    with pytest.raises(BadInputError, match="404"):
        read(Web(Address.parse(server + "/somewhere"), delays_s=()), "instance", {})
