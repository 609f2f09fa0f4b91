"""What an agent costs: `python -m benchmarks.agent [--rounds N] [--targets N]`.

5,000 HTTP targets on loopback, one round a minute, ten rounds; the server is a process of its own, and says
"200" and nothing else. Lateness is how much later than planned a probe began. Also counted: the processor's
time of the agent's process, of one core, from its first round to its last, and its largest memory.
"""

import argparse
import json
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from ledger.application import Ledger
from ledger.rounds import decode

COMMAND = Path(sys.executable).parent / "constat"
SERVER = """
import asyncio, sys
ANSWER = b"HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\nDate: %s\\r\\nConnection: close\\r\\n\\r\\nok"
class Answering(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport
    def data_received(self, data):
        from email.utils import formatdate
        self.transport.write(ANSWER % formatdate(usegmt=True).encode())
        self.transport.close()
async def main():
    server = await asyncio.get_running_loop().create_server(Answering, "127.0.0.1", 0, backlog=1000)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()
asyncio.run(main())
"""
LATENESS_MS_MAX, CORE_PERCENT_MAX, MEMORY_MB_MAX = 250, 60, 250


def write(folder: Path, port: int, targets: int) -> None:
    """The agent's file."""
    lines = [
        'agent = "bench"',
        'place = "loopback"',
        f'references = ["http://127.0.0.1:{port}/"]',
        "degraded_after_ms = 2000",
    ]
    for number in range(targets):
        url = f"http://127.0.0.1:{port}/{number}"
        lines += ["[[target]]", f'platform = "platform-{number}"', f'url = "{url}"']
    (folder / "agent.toml").write_text("\n".join(lines) + "\n")


def seconds_of(pid: int) -> float:
    """The processor's time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def memory_mb_of(pid: int) -> int:
    """The largest memory that a process has had."""
    (line,) = [line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if "VmHWM" in line]
    return int(line.split()[1]) // 1000


def kept(log: Path) -> int:
    """How many rounds the agent has kept, as it says."""
    lines = log.read_text().splitlines()
    return sum(json.loads(line)["event"] == "round" for line in lines if line.startswith("{"))


def run(folder: Path, rounds: int) -> tuple[float, float, int]:
    """Run the agent for so many rounds: its processor's time, the time that passed, its memory."""
    command = [COMMAND, "agent", "run", "agent.toml", "--ledger", f"sqlite:///{folder}/ledger.db"]
    log = folder / "log"
    with log.open("wb") as file, subprocess.Popen(command, cwd=folder, stderr=file) as process:
        while kept(log) < 1:
            time.sleep(0.2)
        began_s, used_s = time.monotonic(), seconds_of(process.pid)
        while kept(log) < 1 + rounds:
            time.sleep(0.2)
        passed_s, used_s = time.monotonic() - began_s, seconds_of(process.pid) - used_s
        memory_mb = memory_mb_of(process.pid)
        process.send_signal(signal.SIGTERM)
        process.wait(60)
    return used_s, passed_s, memory_mb


def main() -> None:
    """Measure, and print one line for each figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--targets", type=int, default=5_000)
    asked = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as name,
        subprocess.Popen([sys.executable, "-c", SERVER], stdout=subprocess.PIPE) as server,
    ):
        folder = Path(name)
        try:
            assert server.stdout
            write(folder, int(server.stdout.readline()), asked.targets)
            Ledger.open(f"sqlite:///{folder}/ledger.db", create=True).close()
            used_s, passed_s, memory_mb = run(folder, asked.rounds)
            tell(folder, used_s, passed_s, memory_mb)
        finally:
            server.kill()


def tell(folder: Path, used_s: float, passed_s: float, memory_mb: int) -> None:
    """Print what was measured, and what it should be."""
    with Ledger.open(f"sqlite:///{folder}/ledger.db") as ledger:
        found = [decode(each.value)[0] for each in ledger.engine.rounds()]
    late_ms = sorted(each.deviation_ms(i) for each in found for i in range(each.n) if i not in each.missing)
    not_up = sum(len(each.not_up) for each in found)
    missing = sum(len(each.missing) for each in found[:-1])  # the last one was ended
    p99_ms = late_ms[len(late_ms) * 99 // 100]
    core_percent = 100 * used_s / passed_s
    print(f"{len(found)} rounds, {len(late_ms):,} results, {not_up} not up, {missing} missing")
    median_ms, worst_ms = late_ms[len(late_ms) // 2], late_ms[-1]
    print(f"lateness      p99 {p99_ms} ms (at most {LATENESS_MS_MAX}), median {median_ms}, worst {worst_ms}")
    print(f"processor     {core_percent:.1f} % of a core (at most {CORE_PERCENT_MAX})")
    print(f"memory        {memory_mb} MB (at most {MEMORY_MB_MAX})")


if __name__ == "__main__":
    main()
