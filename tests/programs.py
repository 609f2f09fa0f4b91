"""Real programs whose history is imported: started by a test, reached on free ports, ended by it.

They come from the distribution's packages. Where one is not installed the test is skipped with the reason;
`CONSTAT_REQUIRE_PROMETHEUS=1` makes that a failure.
"""

import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Self

import pytest
import urllib3

from tests.required import lacking

READY_S = 30


def require(*names: str) -> None:
    """Skip the test that asks, or fail it where the programs are required, if one is not on the path."""
    missing = " ".join(name for name in names if not shutil.which(name))
    if missing:
        lacking("CONSTAT_REQUIRE_PROMETHEUS", f"not installed: {missing}; apt-get install {missing}")


def wait_for(is_so: Callable[[], object], what: str, within_s: float = READY_S) -> None:
    """Ask until something is so."""
    latest = time.monotonic() + within_s
    while time.monotonic() < latest:
        with suppress(urllib3.exceptions.HTTPError, OSError):
            if is_so():
                return
        time.sleep(0.1)
    pytest.fail(f"{what} within {within_s} s")


def is_ready(url: str) -> bool:
    """Whether a server answers."""
    return urllib3.request("GET", url, retries=False, timeout=2).status == 200


@contextmanager
def running(log: Path, *command: object) -> Iterator[subprocess.Popen]:
    """A program, ended with the block; what it says goes to a file."""
    with log.open("ab") as said, subprocess.Popen([*map(str, command)], stdout=said, stderr=said) as process:
        try:
            yield process
        finally:
            process.kill()
            process.wait(20)


class Server:
    """A server on a free port, as long as the block lasts; `answer` is called with each GET."""

    def __init__(self, answer: Callable[[BaseHTTPRequestHandler], None], port: int = 0) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                answer(self)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def say(asked: BaseHTTPRequestHandler, body: bytes, status: int = 200, **headers: str) -> None:
    """Answer what was asked."""
    asked.send_response(status)
    for name, value in headers.items():
        asked.send_header(name, value)
    asked.end_headers()
    asked.wfile.write(body)


class Site(Server):
    """A server that a test takes down and up: down, it answers 503."""

    def __init__(self) -> None:
        self.is_up = True
        super().__init__(lambda asked: say(asked, b"", 200 if self.is_up else 503))
        self.url += "/"


class Answers(Server):
    """A server that answers every path with the same, and keeps what it was asked with."""

    def __init__(self, body: bytes, status: int = 200, **headers: str) -> None:
        self.asked: list[tuple[str, str | None]] = []
        """Each path, and who asked."""

        def answer(asked: BaseHTTPRequestHandler) -> None:
            self.asked.append((asked.path, asked.headers["authorization"]))
            say(asked, body, status, **headers)

        super().__init__(answer)


@contextmanager
def exporter(folder: Path, port: int) -> Iterator[subprocess.Popen]:
    """A blackbox exporter that probes by HTTP."""
    settings = folder / "blackbox.yml"
    settings.write_text("modules:\n  http_2xx:\n    prober: http\n    timeout: 2s\n")
    command = (
        "prometheus-blackbox-exporter",
        f"--config.file={settings}",
        f"--web.listen-address=127.0.0.1:{port}",
    )
    with running(folder / "blackbox.log", *command) as process:
        wait_for(lambda: is_ready(f"http://127.0.0.1:{port}/-/healthy"), "the exporter answers")
        yield process


@contextmanager
def prometheus(folder: Path, port: int, settings: str, *options: str) -> Iterator[str]:
    """A Prometheus server with some settings; its address."""
    (folder / "prometheus.yml").write_text(settings)
    command = (
        "prometheus",
        f"--config.file={folder}/prometheus.yml",
        f"--storage.tsdb.path={folder}/tsdb",
        f"--web.listen-address=127.0.0.1:{port}",
        *options,
    )
    with running(folder / "prometheus.log", *command):
        wait_for(lambda: is_ready(f"http://127.0.0.1:{port}/-/ready"), "Prometheus answers")
        yield f"http://127.0.0.1:{port}"


@contextmanager
def alertmanager(folder: Path, port: int) -> Iterator[str]:
    """An Alertmanager that tells nobody; its address."""
    settings = folder / "alertmanager.yml"
    settings.write_text("route: {receiver: nobody}\nreceivers: [{name: nobody}]\n")
    command = (
        "prometheus-alertmanager",
        f"--config.file={settings}",
        f"--storage.path={folder}/alertmanager",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
    )
    with running(folder / "alertmanager.log", *command):
        wait_for(lambda: is_ready(f"http://127.0.0.1:{port}/-/ready"), "Alertmanager answers")
        yield f"http://127.0.0.1:{port}"


def blackbox_job(exporter_port: int, *targets: str, every: str = "1s") -> str:
    """Settings of Prometheus that have an exporter probe some targets."""
    return f"""\
global: {{scrape_interval: {every}, scrape_timeout: {every}}}
scrape_configs:
- job_name: blackbox
  metrics_path: /probe
  params: {{module: [http_2xx]}}
  static_configs: [{{targets: [{", ".join(f"'{each}'" for each in targets)}]}}]
  relabel_configs:
  - {{source_labels: [__address__], target_label: __param_target}}
  - {{source_labels: [__param_target], target_label: instance}}
  - {{target_label: __address__, replacement: '127.0.0.1:{exporter_port}'}}
"""
