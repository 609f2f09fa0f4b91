"""`constat` as a process of its own that is there at once: what it imports is imported once for all tests.

Each takes two seconds of a core else, and a machine that is busy with them answers no probe in time. That the
command begins from nothing is tested where one is run by `subprocess`.
"""

import multiprocessing
import os
import signal
import sys

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(
    ["pytest", "consumers.cli.agent", "consumers.agent.running", "consumers.service.logs", __name__]
)


class Started:
    """The process of a command, begun in a folder; what it says on the standard error is added to `log` there."""

    def __init__(self, folder, *arguments, environment=None):
        (folder / "log").touch()
        told = (folder, arguments, environment or {})
        self._process = _CONTEXT.Process(target=_run, args=told, daemon=True)
        self._process.start()

    def send_signal(self, number):
        os.kill(self._process.pid, number)

    def kill(self):
        if self._process.is_alive():
            self.send_signal(signal.SIGKILL)

    def wait(self, seconds=None):
        self._process.join(seconds)
        assert not self._process.is_alive(), "it goes on"
        return self._process.exitcode


def _run(folder, arguments, environment):
    os.chdir(folder)
    os.environ.update(environment)  # the server that begins it has that of whoever was first
    log = os.open("log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(log, 2)
    sys.stderr = os.fdopen(log, "w", buffering=1)
    sys.argv = ["constat", *arguments]
    from consumers.cli.__main__ import main  # noqa: PLC0415 - with what it takes of the process

    main()
