"""The register of personal data, and which changes of it concern which contracts."""

from datetime import date

import pytest

from consumers.pages import personal_data as pages
from ledger.components import ComponentDisabled, ComponentEnabled
from ledger.contracts import ContractEnded
from ledger.processors import ProcessorChanged, ProcessorDismissed, ProcessorEngaged
from projections.asof import Known
from projections.moment import at_head
from projections.personal_data import personal_data
from projections.processor_changes import processor_changes
from tests.projections.promised import PROD, acme, october
from tests.spec import Story, ms

TODAY = "2026-11-26T12:00Z"


def engaged(story: Story, processor="ovh", contracts=(), from_day=date(2026, 10, 1), **changes) -> Story:
    details = {"name": processor.upper(), "address": "Roubaix", "registration": "SIRET 1", "role": "hosts"}
    fact = ProcessorEngaged(
        processor=processor, from_day=from_day, contracts=tuple(contracts), **(details | changes)
    )
    return story.fact(f"processor:{processor}", fact)


def changed(story: Story, from_day: date) -> Story:
    fact = ProcessorChanged(processor="ovh", address="Lille", from_day=from_day, reason="it moves")
    return story.fact("processor:ovh", fact)


def dismissed(story: Story, last_day: date) -> Story:
    fact = ProcessorDismissed(processor="ovh", last_day=last_day, reason="replaced")
    return story.fact("processor:ovh", fact)


def enabled(story: Story, component: str, at: str, platform=PROD, *, outside=True) -> Story:
    fact = ComponentEnabled(
        platform=platform, component=component, name=component, kind="drive", transfers_outside_eu=outside
    )
    return story.fact(f"components:{platform}", fact, at)


def register(story: Story, contract="acme", at=TODAY):
    return personal_data(Known.at(story.engine, at_head(story.engine, ms(at))), contract)


# ---------------------------------------------------------------- the register


def test_the_register_says_who_processes_what_from_when_to_when_and_what_is_to_come():
    story = dismissed(changed(engaged(acme()), date(2027, 1, 1)), date(2027, 6, 30))

    found = register(story).processors

    assert [(each.address, each.from_day, each.last_day, each.when) for each in found] == [
        ("Roubaix", "2026-10-01", "2026-12-31", "present"),
        ("Lille", "2027-01-01", "2027-06-30", "future"),
    ]
    assert [each.when for each in register(story, at="2027-07-01T12:00Z").processors] == ["past", "past"]


def test_a_day_ends_at_midnight_of_the_contracts_zone():
    story = dismissed(engaged(acme()), date(2026, 11, 26))

    assert register(story, at="2026-11-26T22:59:59Z").processors[0].when == "present"
    assert register(story, at="2026-11-26T23:00:00Z").processors[0].when == "past"


def test_the_register_says_which_components_are_on_and_whether_they_may_transfer_data():
    story = enabled(acme(), "drive", october("3 10:00"))
    story.fact(f"components:{PROD}", ComponentDisabled(platform=PROD, component="drive"), october("13 10:00"))
    off = register(story)
    on = register(enabled(story, "analytics", october("20 10:00")))

    (found,) = off.components
    assert (found.enabled_at, found.disabled_at, found.when) == (
        "2026-10-03T10:00:00+02:00",
        "2026-10-13T10:00:00+02:00",
        "past",
    )
    assert (off.transfers_outside_eu, on.transfers_outside_eu) == (False, True)
    assert not register(enabled(acme(), "drive", october("3 10:00"), outside=False)).transfers_outside_eu


def test_nobody_reads_of_another_clients_components_or_of_a_processor_that_is_only_theirs():
    story = acme().contract("rival", platforms=["rival-secret"])
    story = engaged(engaged(story), "niche", ["rival"])
    story = enabled(story, "drive", october("3 10:00"), "rival-secret")

    ours, theirs = register(story), register(story, "rival")

    assert [each.processor for each in ours.processors] == ["ovh"]
    assert ours.components == ()
    assert [each.processor for each in theirs.processors] == ["niche", "ovh"]
    assert "rival" not in ours.model_dump_json()


def test_the_register_is_asked_for_as_it_was_known_and_its_digest_is_the_same_all_day():
    story = engaged(acme())
    before = register(story)
    position = story.engine.head().position
    changed(story.at("2026-11-27T10:00Z"), date(2027, 1, 1))

    later = personal_data(story.known(position), "acme")

    assert before.digest == register(engaged(acme()), at="2026-11-26T20:00Z").digest
    assert [each.address for each in later.processors] == ["Roubaix"]


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_page_says_everything_in_both_languages_and_fetches_nothing(language):
    story = enabled(engaged(acme(), name="<b>OVH</b>"), "drive", october("3 10:00"))

    found = register(story)
    html, text = pages.page(found, language), pages.text(found, language)

    assert f'<html lang="{language}">' in html
    assert "&lt;b&gt;OVH&lt;/b&gt;" in html
    assert "<b>" not in html
    assert not any(word in html for word in ("<script", "http://", "https://", "src="))
    for each in ("Roubaix", "SIRET 1", "hosts", PROD, "drive", found.digest):
        assert each in html
        assert each in text
    assert max(map(len, text.splitlines())) <= 100


def test_the_command_on_the_page_gives_the_same_register_again():
    story = engaged(acme())
    found = register(story)

    command = pages.Laid(found, None).command()

    known, moment = command.split("--as-of ")[1].split(" ")[0].split("/")
    again = story.known(int(known))
    assert personal_data(Known(again.as_of.looked_at(ms(moment)), again.facts, again.engine), "acme") == found


# ---------------------------------------------------------------- changes to be told


def told(story: Story):
    found = processor_changes(story.known())
    return [(each.contract, each.processor, each.what, str(each.effective_day)) for each in found]


def test_every_change_concerns_the_contracts_whose_data_are_processed():
    story = acme().contract("rival", platforms=["rival-prod"])
    story = engaged(engaged(story), "niche", ["rival"])
    story = dismissed(changed(story, date(2027, 1, 1)), date(2027, 6, 30))

    assert told(story) == [
        ("acme", "ovh", "engaged", "2026-10-01"),
        ("rival", "ovh", "engaged", "2026-10-01"),
        ("rival", "niche", "engaged", "2026-10-01"),
        ("acme", "ovh", "changed", "2027-01-01"),
        ("rival", "ovh", "changed", "2027-01-01"),
        ("acme", "ovh", "dismissed", "2027-06-30"),
        ("rival", "ovh", "dismissed", "2027-06-30"),
    ]


def test_a_change_says_what_was_and_what_will_be():
    _, change = processor_changes(changed(engaged(acme()), date(2027, 1, 1)).known())

    assert (change.before.address, change.after.address, change.reason) == ("Roubaix", "Lille", "it moves")
    assert change.position == 4


def test_what_was_engaged_before_a_contract_was_signed_is_no_change_for_it():
    story = engaged(Story()).contract("acme")

    assert told(story) == []
    assert [each.processor for each in register(story).processors] == ["ovh"]


def test_a_contract_that_is_over_by_then_is_not_told():
    story = engaged(acme()).fact(
        "contract:acme", ContractEnded(contract="acme", last_day=date(2026, 12, 31), reason="ended")
    )

    assert [each[2] for each in told(changed(story, date(2027, 1, 1)))] == ["engaged"]
    assert [each[2] for each in told(changed(story, date(2026, 12, 31)))] == ["engaged", "changed"]
