"""Real servers on loopback that a test lets answer well, badly, late or not at all; and an agent's file."""

import contextlib
import http.server
import socket
import ssl
import threading
import time
from contextlib import contextmanager
from urllib.parse import unquote

import dns.flags
import dns.message
import dns.rcode
import dns.rrset

from consumers.agent.file import AgentFile, completed
from consumers.agent.targets import kinds_told

TIMEOUT_MS = 300
SESAME = "sesame-4711"
"""A secret, which no error may hold."""
BODIES = {
    "json": b'{"status": "ok", "checks": [{"name": "db", "works": true, "count": 1}]}',
    "long": b"x" * 1_100_000,
    "deep": b"[" * 500 + b"]" * 500,
}


class Service(http.server.ThreadingHTTPServer):
    """Answers by path; `asked` has what it was asked for, as path and headers."""

    daemon_threads = True
    request_queue_size = 1000

    def __init__(self, certificate=None, host="127.0.0.1"):
        super().__init__((host, 0), Handler)
        self.scheme = "http"
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
            self.scheme = "https"
        self.asked = []
        self.is_broken = False
        self.fails_next = 0
        self.ahead_s = 0
        self.released = threading.Event()

    @property
    def port(self):
        return self.server_address[1]

    def url(self, path="/", host=None):
        return f"{self.scheme}://{host or self.server_address[0]}:{self.port}{path}"

    def handle_error(self, request, client_address):
        """A client that hangs up, or does not like our certificate, is what is tested."""


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        server = self.server
        server.asked.append((self.path, dict(self.headers)))
        if server.fails_next > 0:
            server.fails_next -= 1
            self.answer(502)
        elif server.is_broken:
            self.answer(503)
        else:
            self.by_path()

    do_POST = do_GET  # noqa: N815 - http.server's own name

    def by_path(self):
        first, *rest = self.path.strip("/").split("/", 1)
        match first:
            case "status":
                self.answer(int(rest[0]))
            case "slow":
                time.sleep(int(rest[0]) / 1000)
                self.answer(200)
            case "hang":
                self.server.released.wait(30)
            case "close":
                self.close_connection = True
            case "garbage":
                self.wfile.write(b"sesame, and no HTTP\r\n\r\n")
                self.close_connection = True
            case "to":
                there = unquote(rest[0])
                self.answer(302, {"Location": there if ":" in there else f"/{there}"})
            case "body":
                self.answer(200, body=BODIES[rest[0]])
            case _:
                self.answer(200)

    def answer(self, status, headers=None, body=b"all is well"):
        self.send_response_only(status)
        moment_s = time.time() + self.server.ahead_s
        self.send_header("Date", self.date_time_string(moment_s))
        self.send_header("Content-Length", str(len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@contextmanager
def serving(certificate=None, host="127.0.0.1"):
    server = Service(certificate, host)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.released.set()
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def deaf():
    """A port whose queue of connections is full: nothing answers there, not even a refusal."""
    with contextlib.ExitStack() as stack:
        listening = stack.enter_context(socket.socket())
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listening.getsockname())
        time.sleep(0.05)
        yield listening.getsockname()[1]


def closed_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


# ---------------------------------------------------------------- names


@contextmanager
def name_server():
    """Answers for `acme.test`, and a while later for `late.test`; `silent.test` gets no answer, `broken.test` a refusal,
    all else NXDOMAIN."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.settimeout(0.05)
        ended = threading.Event()
        thread = threading.Thread(target=_answer, args=(listening, ended), daemon=True)
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            ended.set()
            thread.join()


def _answer(listening, ended):
    while not ended.is_set():
        try:
            wire, client = listening.recvfrom(4096)
        except TimeoutError:
            continue
        query = dns.message.from_wire(wire)
        response, name = dns.message.make_response(query), query.question[0].name.to_text()
        if name == "silent.test.":
            continue
        if name == "broken.test.":
            response.set_rcode(dns.rcode.SERVFAIL)
        elif name not in ("acme.test.", "late.test."):
            response.set_rcode(dns.rcode.NXDOMAIN)
        elif query.question[0].rdtype == dns.rdatatype.A:
            response.flags |= dns.flags.AA
            response.answer.append(dns.rrset.from_text(name, 60, "IN", "A", "192.0.2.1", "192.0.2.2"))
        late_s = 0.3 if name == "late.test." else 0.0
        threading.Timer(late_s, listening.sendto, (response.to_wire(), client)).start()


# ---------------------------------------------------------------- an agent's file


def loaded(reference, *targets, environment=None, **more):
    """An agent of these targets; each names its platform, or is called after its place."""
    told = [{"platform": f"acme-{number}"} | target for number, target in enumerate(targets, 1)]
    stated = {
        "agent": "paris",
        "place": "Paris",
        "timeout_ms": TIMEOUT_MS,
        "references": [reference],
        "target": kinds_told(told),
    }
    return completed(AgentFile.model_validate(stated | more), "agent.toml", environment or {})
