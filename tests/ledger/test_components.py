"""Optional components: on and off, each in its own time."""

import pytest

from ledger import components
from ledger.components import ComponentDisabled, ComponentEnabled
from ledger.errors import RefusedError
from tests.spec import ms
from tests.subjects import after

ON, OFF, AGAIN = "2026-10-03T10:00:00Z", "2026-10-13T10:00:00Z", "2026-10-20T10:00:00Z"


def enabled(component="drive") -> ComponentEnabled:
    return ComponentEnabled(
        platform="acme-prod", component=component, name=component, kind="drive", transfers_outside_eu=True
    )


disabled = ComponentDisabled(platform="acme-prod", component="drive")


def test_a_component_is_on_until_it_is_off_and_may_be_on_again():
    state = after(components, (enabled(), ON), (enabled("other"), ON), (disabled, OFF), (enabled(), AGAIN))

    assert [
        (use.enabled.component, use.enabled_ms, use.disabled_ms, use.positions) for use in state.uses
    ] == [
        ("drive", ms(ON), ms(OFF), (10, 30)),
        ("other", ms(ON), None, (20,)),
        ("drive", ms(AGAIN), None, (40,)),
    ]


def test_what_is_on_is_not_switched_on():
    with pytest.raises(RefusedError, match="disable it first"):
        components.enable(after(components, (enabled(), ON)), enabled())


def test_what_is_off_is_not_switched_off_and_nothing_before_it_was_on():
    with pytest.raises(RefusedError, match="is not on"):
        components.disable(components.INITIAL, disabled, ms(OFF))
    with pytest.raises(RefusedError, match="cannot be off before"):
        components.disable(after(components, (enabled(), OFF)), disabled, ms(ON))
    assert components.disable(after(components, (enabled(), ON)), disabled, ms(OFF)) == disabled
