"""An agent's clock against its monotonic one and against those of servers. Spec 12.8."""

from hypothesis import given
from hypothesis import strategies as st

from consumers.agent.awareness import Awareness
from consumers.agent.clock import DRIFT_MS, SERVERS_MS, STEP_MS, Look, Told, distrust
from ledger.instants import HOUR_MS

START = Look(1_800_000_000_000, 5_000_000)


class SetClock:
    """A clock that a test sets."""

    def __init__(self, look=START):
        self.look = look

    def wall_ms(self):
        return self.look.wall_ms

    def monotonic_ms(self):
        return self.look.monotonic_ms

    def pass_on(self, length_ms, *, step_ms=0):
        self.look = Look(self.look.wall_ms + length_ms + step_ms, self.look.monotonic_ms + length_ms)


def looks(*steps_ms):
    clock = SetClock()
    found = [clock.look]
    for step_ms in steps_ms:
        clock.pass_on(1_000, step_ms=step_ms)
        found.append(clock.look)
    return found


def told(*ahead_ms):
    """What servers say to whom they are behind by so much; a second is said as a whole."""
    now_ms = 1_800_000_000_500
    return {f"host-{n}": Told((now_ms - ms) // 1000, now_ms, now_ms) for n, ms in enumerate(ahead_ms)}


@given(st.lists(st.integers(-STEP_MS, STEP_MS), max_size=20), st.integers(-(10**9), 10**9))
def test_what_is_wrong_from_the_beginning_is_no_step(steps_ms, off_ms):
    found = [Look(wall_ms + off_ms, monotonic_ms) for wall_ms, monotonic_ms in looks(*steps_ms)]

    assert distrust(found, None, {}) is None


@given(st.integers(-(10**9), 10**9).filter(lambda step_ms: abs(step_ms) > STEP_MS), st.integers(0, 10))
def test_a_step_is_found_wherever_it_is(step_ms, before):
    found = distrust(looks(*[0] * before, step_ms, 0), None, {})

    assert found.by_ms == step_ms
    assert found.why.kind == "own-step"


def test_a_step_is_told_in_seconds():
    assert distrust(looks(0, -3_600_000), None, {}).why.text == "the agent's clock stepped by -3600 s"


def test_gentle_steering_is_no_drift_up_to_a_second_in_an_hour():
    hour_ago = Look(START.wall_ms - HOUR_MS + DRIFT_MS, START.monotonic_ms - HOUR_MS)
    assert distrust([START], hour_ago, {}) is None

    more = hour_ago._replace(wall_ms=hour_ago.wall_ms + 1)
    assert distrust([START], more, {}).why.text == "the agent's clock drifted by -1.001 s within an hour"


def test_three_servers_that_agree_against_us_are_believed_and_two_are_not():
    assert distrust([], None, told(42_000, 42_000)) is None
    assert distrust([], None, told(42_000, 42_000, 42_000)).why.text.endswith(" s off that of 3 of 3 servers")


def test_a_clock_that_is_behind_is_found_as_one_that_is_ahead():
    assert distrust([], None, told(-42_000, -42_000, -42_000)).by_ms < -SERVERS_MS


def test_servers_that_disagree_in_both_directions_prove_nothing():
    assert distrust([], None, told(42_000, 42_000, -42_000, -42_000)) is None


def test_who_has_half_of_the_servers_with_him_is_believed():
    assert distrust([], None, told(42_000, 42_000, 42_000, 0, 0, 0)) is None
    assert distrust([], None, told(42_000, 42_000, 42_000, 42_000, 0, 0, 0)).by_ms > SERVERS_MS


@given(st.integers(10**12, 2 * 10**12), st.integers(0, 10_000), st.integers(0, 10_000))
def test_a_server_that_has_the_same_time_is_never_ahead_nor_behind(asked_ms, within_ms, more_ms):
    said_at_ms = asked_ms + within_ms

    assert Told(said_at_ms // 1000, asked_ms, said_at_ms + more_ms).ahead_ms == 0


# ---------------------------------------------------------------- what is noticed


def test_who_comes_late_stood_still():
    clock = SetClock()
    awareness = Awareness(clock)
    before_ms = clock.monotonic_ms()

    clock.pass_on(2_050)
    awareness.notice(before_ms, clock.look)

    (standstill,) = awareness.standstills
    assert standstill.end_ms - standstill.start_ms == 2_000


def test_a_step_is_noticed_between_two_looks_of_a_second():
    clock = SetClock()
    awareness = Awareness(clock)

    for step_ms in (0, 5_000, -5_000, 0):
        before_ms = clock.monotonic_ms()
        clock.pass_on(50, step_ms=step_ms)
        awareness.notice(before_ms, clock.look)

    assert distrust(awareness.looks_since(START.monotonic_ms), awareness.hour, {}).why.kind == "own-step"


def pass_an_hour(awareness, clock):
    for _ in range(HOUR_MS // 1000):
        clock.pass_on(1000)
        awareness.look(clock.look)


def test_a_step_between_two_rounds_is_no_drift_of_the_next_one():
    clock = SetClock()
    awareness = Awareness(clock)
    pass_an_hour(awareness, clock)
    assert awareness.hour == START

    clock.pass_on(1000, step_ms=10_000)
    awareness.look(clock.look)
    assert awareness.hour is None

    pass_an_hour(awareness, clock)
    clock.pass_on(120_000)
    awareness.look(clock.look)
    assert awareness.hour is not None


def test_behind_a_drift_the_hour_begins_anew():
    clock = SetClock()
    awareness = Awareness(clock)
    pass_an_hour(awareness, clock)

    awareness.forget()

    assert awareness.hour is None
    assert awareness.looks_since(START.monotonic_ms) == [clock.look]


def test_a_standstill_is_remembered_for_as_long_as_the_longest_round_lasts():
    clock = SetClock()
    awareness = Awareness(clock)
    clock.pass_on(2_050)
    awareness.notice(START.monotonic_ms, clock.look)
    ended_ms = clock.monotonic_ms()

    clock.pass_on(HOUR_MS - 1)
    awareness.notice(clock.monotonic_ms() - 50, clock.look)

    assert [each.end_ms for each in awareness.standstills_since(START.monotonic_ms)] == [ended_ms]
    assert not awareness.standstills_since(ended_ms + 1)
