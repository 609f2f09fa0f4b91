"""Statements laid out for people."""

import io
import re
from dataclasses import fields
from html.parser import HTMLParser

import pytest
from rich.cells import cell_len
from rich.console import Console

from consumers.pages import checking, csv_, html, telling, terminal, words
from consumers.pages.checking import AS_AGREED, Asked
from consumers.pages.format import Format
from consumers.pages.words_en import ENGLISH
from consumers.pages.words_fr import FRENCH
from projections.statement import statement
from tests.spec import Story

OUTAGE = "2026-10-01T00:00+02:00 up, 2026-10-06T09:00+02:00 down, 2026-10-06T11:00+02:00 up"
NASTY = "<script>alert(1)</script> & \x1b[31mred"


class Page(HTMLParser):
    """What a browser would fetch or run."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.fetched: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.fetched += [
            value for name, value in attrs if name in ("src", "href") and not value.startswith("#")
        ]


@pytest.fixture(scope="module")
def disputed():
    """Two hours down, a late notice with hostile words, a claim, a correction."""
    story = Story().contract("acme", "2026-10-01").observed("paris", "acme-prod", OUTAGE)
    story.at("2026-10-05T12:00+02:00")
    story.notice("m1", ["acme-prod"], "2026-10-06T09:00+02:00/2026-10-06T10:00+02:00")
    story.at("2026-10-07T12:00+02:00")
    story.claim("c1", ["acme-prod"], "2026-10-06T10:00+02:00/2026-10-06T11:00+02:00")
    story.corrected("k1", "paris", "acme-prod", "2026-10-06T10:30+02:00/2026-10-06T11:00+02:00", "up")
    found = statement(story.known(), "acme", "1")
    return found.model_copy(update={"client": NASTY})


def shown(found, language):
    text = io.StringIO()
    terminal.show(found, Console(file=text, width=100), language)
    return text.getvalue()


@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_page_fetches_nothing_and_runs_nothing(disputed, language):
    text = html.page(disputed, language)

    page = Page(text)
    assert page.fetched == []
    assert "script" not in page.tags
    assert "Content-Security-Policy" in text
    assert f'lang="{language}"' in text


@pytest.mark.parametrize("language", ["fr", "en"])
def test_what_a_text_says_is_shown_and_never_obeyed(disputed, language):
    assert "<script>alert" not in html.page(disputed, language)
    assert "\x1b[31m" not in shown(disputed, language)


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_same_statement_gives_the_same_bytes(disputed, language):
    assert html.page(disputed, language) == html.page(disputed, language)
    assert terminal.svg(disputed, language) == terminal.svg(disputed, language)


def test_a_page_shows_the_figures_and_the_digest(disputed):
    text = html.page(disputed, "en")

    assert disputed.digest in text
    assert disputed.availability.platforms[0].percent in text
    assert "m1" in text
    assert "k1" in text


def test_french_figures_are_written_as_the_french_write_them(disputed):
    percent = disputed.availability.platforms[0].percent.replace(".", ",")

    assert re.search(percent + "[\u00a0\u202f]%", html.page(disputed, "fr"))
    assert percent in shown(disputed, "fr")


def test_both_languages_say_everything():
    for each in fields(ENGLISH):
        english, french = getattr(ENGLISH, each.name), getattr(FRENCH, each.name)
        assert bool(english) == bool(french)
        if isinstance(english, dict):
            assert set(english) == set(french)


def test_a_sheet_has_a_line_for_each_day_and_starts_no_formula(disputed):
    lines = csv_.rows(disputed).splitlines()

    assert sum("2026-10-" in line for line in lines) >= 30
    assert not [line for line in lines if line.startswith(("=", "+", "-", "@"))]


def test_a_picture_refers_to_nothing_outside_itself(disputed):
    picture = terminal.svg(disputed, "en")

    assert set(re.findall(r"https?://[^\"\s<]+", picture)) <= {"http://www.w3.org/2000/svg"}


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("width", [40, 60, 80, 100, 120, 200])
def test_no_figure_is_cut_at_any_width(disputed, width, language):
    text = io.StringIO()
    terminal.show(disputed, Console(file=text, width=width), language)
    shown_lines = text.getvalue().splitlines()

    assert "…" not in text.getvalue()
    copied = {f"  {checking.command(disputed, AS_AGREED)}", f"  {disputed.digest}"}
    assert copied <= set(shown_lines)
    assert max(cell_len(line) for line in set(shown_lines) - copied) <= width
    for figure in figures_of(disputed, language):
        assert any(figure in line for line in shown_lines), figure


def figures_of(found, language):
    form = Format.of(found, words.of(language))
    platform = found.availability.platforms[0]
    yield form.percent(platform.percent)
    yield form.clock(platform.classes_ms.outside)
    yield form.duration(found.penalties.platforms[0].counted_down_ms)


def test_what_is_owed_stands_first_and_what_missed_the_target_is_named_beside_it(disputed):
    text = re.sub("\\s+", " ", re.sub("<[^>]+>", " ", html.page(disputed, "en"))).replace("\u00a0", " ")

    heading = text[text.index("Availability statement", 500) : text.index("Day by day")]
    assert "1 free days" not in heading
    assert "1 free day ✗ Target missed: 1 platform of 1. acme-prod: " in heading


def test_figures_of_another_reading_say_so_and_can_be_asked_for_again(disputed):
    changed = Asked({"tranche": "started"})

    assert "Readings asked for in place of the contract’s own: tranche=started" in html.page(
        disputed, "en", changed
    )
    assert "--reading tranche=started --as-of" in terminal.plain(disputed, "en", changed)
    assert "Readings asked for" not in terminal.plain(disputed, "en")


def test_the_command_that_checks_names_a_ledger_that_is_not_the_default_one(disputed):
    words_of = checking.command(disputed, Asked(ledger="kafka://k1:9092/acme?user=a&tls=yes")).split()

    assert words_of[:4] == ["constat", "statement", "--ledger", "'kafka://k1:9092/acme?user=a&tls=yes'"]
    assert "--ledger" not in checking.command(disputed, AS_AGREED)


def test_a_silence_that_reaches_one_platform_after_the_other_is_told_once():
    story = Story().contract("acme", "2026-10-01", platforms=["a", "b"]).plan("paris", ["a", "b"])
    story.rounds("paris", [("2026-10-01T00:00+02:00", {})])
    found = statement(story.known(), "acme", "1")
    later = found.stretches[-1].model_copy(update={"platform": "c", "end": "2026-10-30T18:00:01+01:00"})
    form = Format.of(found, words.of("en"))

    together = list(telling.explained([*found.stretches[-1:], later], form))

    assert [len(each.occasions) for each in together] == [2]
    assert [each.platforms for each in together[0].occasions] == [found.stretches[-1].platform, "c"]


@pytest.mark.parametrize(
    ("seen", "english", "french"),
    [
        ([], "? Nothing was measured on any platform. No day is due.", "? Rien n’a été mesuré, sur aucune"),
        (
            ["acme-prod"],
            "✓ Target met on every platform that was measured. No day is due.",
            "✓ Engagement respecté sur toutes les plateformes mesurées.",
        ),
        (
            ["acme-prod", "acme-test"],
            "✓ Target met on every platform. No day is due.",
            "✓ Engagement respecté",
        ),
    ],
)
def test_nobody_says_that_a_target_was_met_where_nobody_looked(seen, english, french):
    story = Story().contract(platforms=["acme-prod", "acme-test"])
    for platform in seen:
        story.observed("paris", platform, "2026-10-01T00:00+02:00 up")
    found = statement(story.at("2026-11-01T00:00:00Z").known(), "acme", "1")

    assert english in terminal.plain(found, "en")
    assert french in terminal.plain(found, "fr").replace("\xa0", " ")
    assert english.partition(".")[0] in html.page(found, "en")


def part(found, name, width=100):
    text = io.StringIO()
    terminal.show_part(found, name, Console(file=text, width=width))
    return text.getvalue().replace("\u00a0", " ").replace("\u202f", " ")


def a_month_of_notices(language):
    story = Story().contract("acme", "2026-10-01")
    story.observed("paris", "acme-prod", OUTAGE).at("2026-10-05T12:00+02:00")
    story.notice("late-work", ["acme-prod"], "2026-10-06T09:00+02:00/2026-10-06T10:00+02:00")
    story.notice("night-work", ["acme-prod"], "2026-10-10T00:00+02:00/2026-10-10T01:00+02:00")
    story.notice("gone", ["acme-prod"], "2026-10-11T00:00+02:00/2026-10-11T01:00+02:00").withdrawn("gone")
    return spoken(story, language)


def spoken(story, language):
    found = statement(story.at("2026-11-01T00:00:00Z").known(), "acme", "1")
    return found.model_copy(update={"language": language})


@pytest.mark.parametrize(
    ("language", "first", "second", "third"),
    [
        (
            "en",
            "3 entries in the register; 3 notices of maintenance, of which 2 in time.",
            "  in time: night-work (published), gone (published)",
            "  too late: late-work (published)",
        ),
        (
            "fr",
            "3 entrées au registre ; 3 annonces de maintenance, dont 2 à temps.",
            "  à temps : night-work (annoncée), gone (annoncée)",
            "  trop tard : late-work (annoncée)",
        ),
    ],
)
def test_the_register_begins_with_its_notices_and_which_were_in_time(language, first, second, third):
    lines = part(a_month_of_notices(language), "register").splitlines()

    begins = lines.index("")
    assert lines[begins + 1 : begins + 4] == [first, second, third]
    assert not [line for line in lines if "Target" in line or "Engagement" in line]


def test_a_register_without_maintenance_says_so_first(disputed):
    claims_only = disputed.model_copy(
        update={"entries": tuple(each for each in disputed.entries if each.kind == "claim")}
    )

    assert "1 entrée au registre ; aucune maintenance n’a été annoncée." in part(claims_only, "register")


@pytest.mark.parametrize(
    ("language", "first"),
    [
        ("en", "9 commitments: 0 kept, 0 broken, 9 of which nothing is recorded."),
        ("fr", "9 engagements. Respectés : 0 ; non respectés : 0 ; rien d’enregistré : 9."),
    ],
)
def test_the_commitments_begin_with_how_many_were_kept(language, first):
    story = Story().contract("acme", "2026-10-01").observed("paris", "acme-prod", OUTAGE)

    lines = part(spoken(story, language), "commitments").splitlines()

    assert lines[lines.index("") + 1] == first


def test_availability_and_penalties_begin_with_whether_the_target_was_met(disputed):
    for name in ("availability", "penalties"):
        lines = part(disputed, name).splitlines()
        assert lines[lines.index("") + 1].startswith("✗ ")
