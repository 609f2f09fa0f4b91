"""Backups: one every local day, a copy of each elsewhere, each kept for seven days."""

from collections.abc import Mapping
from datetime import date

from ledger import operations
from ledger.contracts import PlatformRemoved
from ledger.operations import BackupExpired, BackupReplicated, BackupTaken
from tests.projections.promised import OVH, PROD, SCALEWAY, acme, october, of, whats
from tests.spec import Story

THREE_DAYS = "2026-10-05T00:00:00+02:00/2026-10-08T00:00:00+02:00"


def backups(taken: Mapping[str, str], story: Story | None = None, platform: str = PROD) -> Story:
    """Backups by name, each with the moment at which it was taken."""
    story = story or acme()
    for name, at in taken.items():
        fact = BackupTaken(platform=platform, backup=name, operator=OVH)
        story.fact(operations.stream_of(platform), fact, at)
    return story


def copied(story: Story, name: str, operator: str, at: str) -> Story:
    fact = BackupReplicated(platform=PROD, backup=name, operator=operator)
    return story.fact(operations.stream_of(PROD), fact, at)


def deleted(story: Story, name: str, at: str) -> Story:
    return story.fact(operations.stream_of(PROD), BackupExpired(platform=PROD, backup=name), at)


def test_a_local_day_without_a_backup_is_found():
    story = backups({"b5": october("5 00:00"), "b7": "2026-10-07T23:59:59.999+02:00"})

    entry = of(story, "backup-daily", THREE_DAYS)

    assert (entry.state, entry.examined) == ("broken", 2)
    assert whats(entry) == [(PROD, "no-backup")]
    assert (entry.findings[0].start, entry.findings[0].end) == (
        "2026-10-06T00:00:00+02:00",
        "2026-10-07T00:00:00+02:00",
    )


def test_a_backup_every_local_day_keeps_the_promise_and_two_on_one_day_do_not_help_another():
    daily = backups({"b5": october("5 03:00"), "b6": october("6 03:00"), "b7": october("7 03:00")})
    twice = backups({"b5": october("5 03:00"), "b6": october("5 23:00"), "b7": october("7 03:00")})

    assert of(daily, "backup-daily", THREE_DAYS).state == "kept"
    assert of(twice, "backup-daily", THREE_DAYS).state == "broken"


def test_a_day_that_the_period_cuts_is_not_asked_for_a_backup():
    story = backups({"b6": october("6 03:00")})

    cut = of(story, "backup-daily", "2026-10-05T00:00:01+02:00/2026-10-07T23:59:59+02:00")

    assert cut.state == "kept"


def test_a_platform_is_asked_for_a_backup_only_on_days_on_which_it_belongs_to_the_contract():
    story = backups({"b5": october("5 03:00"), "b6": october("6 03:00")})
    removed = PlatformRemoved(contract="acme", platform=PROD, last_day=date(2026, 10, 6))
    story.fact("contract:acme", removed)

    assert of(story, "backup-daily", THREE_DAYS).state == "kept"


def test_a_backup_taken_before_the_platform_belonged_to_the_contract_says_nothing_of_it():
    before = deleted(
        backups({"b1": october("1 03:00")}, acme(first_day="2026-10-05")), "b1", october("6 03:00")
    )

    assert {of(before, each).state for each in ("backup-daily", "backup-kept")} == {"nothing-recorded"}


def test_each_platform_needs_its_own_backup():
    story = acme(platforms=[PROD, "acme-test"])
    story = backups({"b5": october("5 03:00"), "b6": october("6 03:00"), "b7": october("7 03:00")}, story)

    assert {subject for subject, _ in whats(of(story, "backup-daily", THREE_DAYS))} == {"acme-test"}


def test_a_copy_with_another_operator_is_elsewhere_and_one_with_the_same_is_not():
    elsewhere = copied(backups({"b6": october("6 03:00")}), "b6", SCALEWAY, october("9 03:00"))
    same = copied(backups({"b6": october("6 03:00")}), "b6", OVH, october("6 04:00"))

    assert of(elsewhere, "backup-off-site").state == "kept"  # however late: no term is named
    entry = of(same, "backup-off-site")
    assert (entry.state, entry.examined) == ("broken", 1)
    assert whats(entry) == [(f"{PROD}/b6", "not-replicated")]
    assert (entry.findings[0].start, entry.findings[0].end) == ("2026-10-06T03:00:00+02:00", None)
    assert entry.findings[0].positions == (3, 4)


def test_a_backup_is_asked_for_its_copy_after_a_day_or_when_it_is_deleted():
    story = backups({"b6": october("6 03:00")})

    before = of(story, "backup-off-site", as_of="2026-10-07T02:59:59.999+02:00")
    due = of(story, "backup-off-site", as_of=october("7 03:00"))
    story = deleted(story.at(october("6 05:00")), "b6", october("6 05:00"))
    gone = of(story, "backup-off-site", as_of=october("6 05:00"))

    assert [each.state for each in (before, due, gone)] == ["kept", "broken", "broken"]
    assert gone.findings[0].end == "2026-10-06T05:00:00+02:00"


def test_a_backup_is_kept_seven_days_of_24_hours_and_a_millisecond_less_is_too_short():
    enough = deleted(backups({"b6": october("6 03:00")}), "b6", october("13 03:00"))
    short = deleted(backups({"b6": october("6 03:00")}), "b6", "2026-10-13T02:59:59.999+02:00")

    assert of(enough, "backup-kept").state == "kept"
    entry = of(short, "backup-kept")
    (found,) = entry.findings
    assert (entry.state, found.what) == ("broken", "kept-too-short")
    assert (found.measured, found.promised) == ("167.99 h", "168 h")
    assert (found.start, found.end) == ("2026-10-06T03:00:00+02:00", "2026-10-13T02:59:59.999+02:00")


def test_a_deletion_belongs_to_the_period_in_which_it_happened():
    story = deleted(backups({"b30": "2026-10-30T03:00:00+01:00"}), "b30", "2026-11-02T03:00:00+01:00")

    assert (of(story, "backup-kept", "1").state, of(story, "backup-kept", "1").examined) == (
        "nothing-recorded",
        0,
    )
    assert (of(story, "backup-kept", "2").state, of(story, "backup-kept", "2").examined) == ("broken", 1)


def test_without_a_recorded_deletion_nothing_can_be_said_of_how_long_backups_are_kept():
    assert of(backups({"b6": october("6 03:00")}), "backup-kept").state == "nothing-recorded"
