"""A dashboard of Grafana for the figures of `constat export openmetrics`, and a line of `constat metrics`."""

from typing import Any

from consumers.exports import openmetrics

SOURCE = {"type": "prometheus", "uid": "${source}"}
_WIDTH = 24
_ONE_IS_WELL = ("red", "green")
_NONE_IS_WELL = ("green", "red")
_CHOSEN = '{contract=~"$contract"}'
_MISSED = '{contract=~"$contract", class=~"down|unknown"}'


def dashboard() -> dict[str, Any]:
    """The dashboard, to be imported as it is; Grafana asks for the source of data."""
    panels = [
        _stat("Promise kept so far", f"{openmetrics.MET}{_CHOSEN}", "{{platform}}", 0, _ONE_IS_WELL),
        _stat(
            "Free days so far",
            f'{openmetrics.DAYS}{{contract=~"$contract", kind="granted"}}',
            "{{contract}}",
            _WIDTH // 2,
            _NONE_IS_WELL,
        ),
        _series(
            "Availability in the running period, with its bounds",
            {
                "{{platform}}": f"{openmetrics.PERCENT}{_CHOSEN}",
                "{{platform}}, at least": f"{openmetrics.LEAST}{_CHOSEN}",
                "{{platform}}, at most": f"{openmetrics.MOST}{_CHOSEN}",
                "promised": f"{openmetrics.TARGET}{_CHOSEN}",
            },
            "percent",
            6,
        ),
        _series(
            "Down and unknown in the running period",
            {"{{platform}}, {{class}}": f"{openmetrics.CLASS}{_MISSED}"},
            "s",
            16,
        ),
        _series("Observed", {"{{platform}}": f"{openmetrics.COVERAGE}{_CHOSEN}"}, "percent", 26),
        _series(
            "Since the last round of each agent",
            {"{{agent}}": "time() - constat_agent_last_round_timestamp_seconds"},
            "s",
            36,
        ),
    ]
    return {
        "__inputs": [],
        "title": "Constat: availability by contract",
        "uid": "constat-availability",
        "schemaVersion": 39,
        "editable": True,
        "refresh": "1m",
        "time": {"from": "now-30d", "to": "now"},
        "templating": {"list": [_source(), _contracts()]},
        "panels": [{"id": number, **panel} for number, panel in enumerate(panels, 1)],
    }


def _source() -> dict[str, Any]:
    return {"name": "source", "label": "Source", "type": "datasource", "query": "prometheus"}


def _contracts() -> dict[str, Any]:
    asked = f"label_values({openmetrics.TARGET}, contract)"
    return {
        "name": "contract",
        "label": "Contract",
        "type": "query",
        "datasource": SOURCE,
        "query": asked,
        "definition": asked,
        "refresh": 2,
        "multi": True,
        "includeAll": True,
    }


def _stat(title: str, expression: str, legend: str, x: int, colors: tuple[str, str]) -> dict[str, Any]:
    """A figure, and its colors below one and from one on."""
    steps = [{"color": color, "value": value} for color, value in zip(colors, (None, 1), strict=True)]
    return {
        "type": "stat",
        "title": title,
        "datasource": SOURCE,
        "gridPos": {"x": x, "y": 0, "w": _WIDTH // 2, "h": 6},
        "fieldConfig": {"defaults": {"thresholds": {"mode": "absolute", "steps": steps}}, "overrides": []},
        "targets": [{"refId": "A", "datasource": SOURCE, "expr": expression, "legendFormat": legend}],
    }


def _series(title: str, asked: dict[str, str], unit: str, y: int) -> dict[str, Any]:
    targets = [
        {"refId": chr(ord("A") + number), "datasource": SOURCE, "expr": expression, "legendFormat": legend}
        for number, (legend, expression) in enumerate(asked.items())
    ]
    return {
        "type": "timeseries",
        "title": title,
        "datasource": SOURCE,
        "gridPos": {"x": 0, "y": y, "w": _WIDTH, "h": 10},
        "fieldConfig": {"defaults": {"unit": unit}, "overrides": []},
        "targets": targets,
    }
