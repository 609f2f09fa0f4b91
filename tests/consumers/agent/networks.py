"""A network of its own for one process, with one cable to this machine that a test may pull out."""

import os
import shutil
import subprocess
from contextlib import contextmanager

import pytest


class Network:
    """A namespace of the system's networks; `host` is this machine's address as it is seen from there."""

    def __init__(self):
        number = 4 * (os.getpid() % 63)
        self.name = f"constat-test-{os.getpid()}"
        self._here, self._there = f"cst{os.getpid()}a", f"cst{os.getpid()}b"
        self.host = f"198.51.100.{number + 1}"  # addresses that nobody has (RFC 5737)
        self._guest = f"198.51.100.{number + 2}"

    def lay(self):
        _ip("netns", "add", self.name)
        _ip("link", "add", self._here, "type", "veth", "peer", "name", self._there, "netns", self.name)
        _ip("address", "add", f"{self.host}/30", "dev", self._here)
        _ip("link", "set", self._here, "up")
        _ip("-n", self.name, "address", "add", f"{self._guest}/30", "dev", self._there)
        self.plug()

    def take_up(self):
        """Remove all of it, whatever of it is there."""
        for command in (("link", "delete", self._here), ("netns", "delete", self.name)):
            subprocess.run(["ip", *command], check=False, capture_output=True)

    def unplug(self):
        _ip("-n", self.name, "link", "set", self._there, "down")

    def plug(self):
        _ip("-n", self.name, "link", "set", self._there, "up")

    def within(self, *command):
        """The command that runs another one in there."""
        return "ip", "netns", "exec", self.name, *command


def _ip(*arguments):
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


@contextmanager
def network():
    if os.geteuid() != 0 or shutil.which("ip") is None:
        pytest.skip("a network of its own takes root and the program ip")
    found = Network()
    try:
        try:
            found.lay()
        except subprocess.CalledProcessError as error:
            pytest.skip(f"this machine makes no network of its own: {error.stderr.decode().strip()}")
        yield found
    finally:
        found.take_up()
