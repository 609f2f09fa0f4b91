"""What a page must be able to say, in any language: a word for every code, and every sentence."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Language = Literal["fr", "en"]
Counted = tuple[str, str]
"""A noun for one and for several."""


@dataclass(frozen=True)
class Words:
    """One language. What stands in braces is filled in by the page."""

    language: Language

    # ------------------------------------------------ codes of the figures
    classes: Mapping[str, str]
    verdicts: Mapping[str, str]
    not_excluded: Mapping[str, str]
    notices: Mapping[str, str]
    steps: Mapping[str, str]
    decisions: Mapping[str, str]
    actions: Mapping[str, str]
    entries: Mapping[str, str]
    becauses: Mapping[str, str]
    commitments: Mapping[str, str]
    states: Mapping[str, str]
    findings: Mapping[str, str]
    units: Mapping[str, str]

    # ------------------------------------------------ numbers and the calendar
    months: tuple[str, ...]
    months_short: tuple[str, ...]
    weekdays_short: tuple[str, ...]
    first_of_month: str
    days_from_to: str
    days_one: str
    instants_from_to: str
    days: Counted
    free_days: Counted
    platforms: Counted
    tranches: Counted
    facts_examined: Counted
    entries_counted: Counted
    notices_counted: Counted
    commitments_counted: Counted

    # ------------------------------------------------ heading
    title: str
    contract_line: str
    period_numbered: str
    period_other: str
    period_running: str
    as_known: str
    assessed: str
    assessed_otherwise: str
    zone_one_offset: str
    zone_two_offsets: str
    result_met: str
    result_met_measured: str
    result_unmeasured: str
    result_missed: str
    result_nothing: str
    result_granted: str
    result_capped: str
    result_missed_by: str
    remark: str
    remark_so_far: str
    readings_changed: str
    contents: str

    # ------------------------------------------------ day by day
    days_title: str
    days_caption: str
    days_drawn: str
    severities: tuple[str, str, str]
    closer_title: str
    closer_caption: str
    closer_rest: str
    degraded: str
    day: str
    day_length: str
    hours: str
    content: str

    # ------------------------------------------------ availability
    availability_title: str
    availability_caption: str
    platform: str
    share: str
    bounds: str
    bounds_note: str
    coverage: str
    target: str
    result: str
    met: str
    missed: str
    nothing_measured: str
    time_title: str
    time_caption: str
    time_note: str
    alone_note: str
    whole_period: str

    # ------------------------------------------------ penalties
    penalties_title: str
    contract_total: str
    no_penalty: str
    step: str
    working: str
    amount: str
    step_down: str
    working_down: str
    working_down_unknown: str
    step_no_base: str
    step_base: str
    base_parts: Mapping[str, str]
    working_target: Mapping[str, str]
    working_rolling: str
    step_penalised: str
    working_all: str
    working_beyond: str
    working_rolled: str
    step_tranches: str
    working_tranches: Mapping[str, str]
    step_days: str
    working_days: str
    step_accrued: str
    working_worst: str
    step_granted: str
    working_granted_all: str
    working_granted_part: str
    step_left: str

    # ------------------------------------------------ reasons
    reasons_title: str
    reasons_caption: str
    reasons_none: str
    seen_as: str
    fact: str
    round_one: str
    rounds: str
    silent: str
    corrects: str

    # ------------------------------------------------ register
    register_title: str
    register_counts: str
    notices_given: str
    notices_none: str
    register_none: str
    announced_later: str
    history: str
    notice: str
    announced_heading: str
    given_heading: str
    recorded_heading: str
    text: str
    told: str
    announced: str
    given: str
    not_given: str
    not_mailed: str
    awaited: str
    awaited_late: str
    notices_awaited: str
    recorded: str
    given_before: str
    given_after: str
    in_time: str
    not_in_time: str
    back_dated: str
    mail: str
    mail_fates: Mapping[str, str]
    mail_whys: Mapping[str, str]
    mail_attempts: Counted
    escalated: str
    work_between: str
    work_unfinished: str
    work_never: str
    incident_open: str
    incident_between: str
    incident_cause: str
    data_loss: str
    claimed: str
    claim_filed: str
    claim_unruled: str
    ruled: str
    ruled_accepts: str
    corrected: str
    corrected_to: str
    corrected_by: str
    intervened: str
    intervened_as: str
    account_named: str
    account_not_named: str
    intervention_recorded: str
    excluded: str
    excluded_nothing: str
    not_excluded_because: str

    # ------------------------------------------------ commitments
    commitments_title: str
    commitments_caption: str
    commitments_counts: str
    commitment: str
    state: str
    findings_heading: str
    measured: str
    promised: str

    # ------------------------------------------------ readings and the check
    readings_title: str
    readings_caption: str
    reading: str
    answer: str
    clause: str
    check_title: str
    check_how: str
    check_same: str
