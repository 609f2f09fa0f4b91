"""Billing systems on a port of this machine: they hold what is sent to their schema, and play tricks on purpose.

`Stripe` and `Lago` are written from the two companies' public references, by hand and apart from the code that
they test.
"""

import json
import random
import re
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl


class Tricks:
    """What a server does with a request, each with a share of the requests."""

    def __init__(self, seed=1, drops=0.0, busy=0.0):
        self.chance = random.Random(seed)
        self.drops = drops
        """Accept, and then hang up without an answer."""
        self.busy = busy
        """Say 503 or 429 and do nothing."""
        self.dropped = self.refused = 0


class Stripe:
    """Customer balance transactions: one for each key, a repeat gets the first answer, other parameters an error."""

    def __init__(self, tricks=None):
        self.tricks = tricks or Tricks()
        self.lines = []
        self._answers = {}

    def forget(self):
        """Know no key any more, as when a day has gone by."""
        self._answers.clear()

    def answer(self, method, path, headers, body):
        found = re.fullmatch(r"/v1/customers/(cus_[A-Za-z0-9]+)/balance_transactions", path)
        key = headers.get("Idempotency-Key", "")
        if headers.get("Authorization") != "Bearer sk_test":
            return 401, {"error": {"message": "Invalid API Key provided"}}
        if method != "POST" or not found or not 0 < len(key) <= 255:
            return 404, {"error": {"message": f"Unrecognized request URL ({method}: {path}), or no key"}}
        if key in self._answers:
            return self._repeat(key, (path, body))
        form = dict(parse_qsl(body.decode(), strict_parsing=True))
        if why := self._objection(headers, form):
            return 400, {"error": {"type": "invalid_request_error", "message": why}}
        line = {
            "id": f"cbtxn_{len(self.lines)}",
            "object": "customer_balance_transaction",
            "customer": found[1],
            "amount": int(form["amount"]),
            "currency": form["currency"],
            "metadata": {name[9:-1]: value for name, value in form.items() if name.startswith("metadata[")},
        }
        self.lines.append(line)
        self._answers[key] = ((path, body), line)
        return 200, line

    def _repeat(self, key, asked):
        known, answer = self._answers[key]
        if known == asked:
            return 200, answer
        message = "Keys for idempotent requests can only be used with the same parameters"
        return 400, {"error": {"type": "idempotency_error", "message": message}}

    @staticmethod
    def _objection(headers, form):
        if headers.get("Content-Type") != "application/x-www-form-urlencoded":
            return "parameters are form-encoded"
        if not re.fullmatch(r"-?[1-9][0-9]*", form.get("amount", "")):
            return "Invalid integer: amount"
        if form.get("currency") != "eur":
            return "Invalid currency"
        known = {"amount", "currency", "description"}
        unknown = [
            name for name in form if name not in known and not re.fullmatch(r"metadata\[\w{1,40}\]", name)
        ]
        if unknown:
            return f"Received unknown parameter: {unknown[0]}"
        if len(form.get("description", "")) > 350 or any(len(value) > 500 for value in form.values()):
            return "too long"
        return None


class Lago:
    """Usage events: one for each transaction_id, and a repeat is refused with `value_already_exist`."""

    def __init__(self, tricks=None):
        self.tricks = tricks or Tricks()
        self.lines = []

    def answer(self, method, path, headers, body):
        if headers.get("Authorization") != "Bearer lago_test":
            return 401, {"status": 401, "error": "Unauthorized"}
        if (method, path) != ("POST", "/api/v1/events"):
            return 404, {"status": 404, "error": "Not Found"}
        event = json.loads(body)["event"]
        if wrong := self._objections(event):
            return 422, {"status": 422, "code": "validation_errors", "error_details": wrong}
        if event["transaction_id"] in {line["transaction_id"] for line in self.lines}:
            wrong = {"transaction_id": ["value_already_exist"]}
            return 422, {"status": 422, "code": "validation_errors", "error_details": wrong}
        self.lines.append(event)
        return 200, {"event": event}

    @staticmethod
    def _objections(event):
        wrong = {}
        for name in ("transaction_id", "external_subscription_id", "code"):
            if not isinstance(event.get(name), str) or not event[name]:
                wrong[name] = ["value_is_mandatory"]
        if type(event.get("timestamp")) is not int or not 10**9 < event["timestamp"] < 10**10:
            wrong["timestamp"] = ["invalid_format"]
        if type(event.get("properties", {}).get("days")) is not int:
            wrong["properties"] = ["value_is_invalid"]
        if unknown := event.keys() - {
            "transaction_id",
            "external_subscription_id",
            "code",
            "timestamp",
            "properties",
        }:
            wrong[min(unknown)] = ["unknown"]
        return wrong


class Endpoint:
    """An HTTP endpoint for structured CloudEvents: each key once, in the order in which they first came."""

    def __init__(self, tricks=None):
        self.tricks = tricks or Tricks()
        self.lines = []
        self.requests = 0
        self._keys = set()

    def answer(self, method, path, headers, body):
        del path
        self.requests += 1
        if method != "POST" or headers.get("Content-Type") != "application/cloudevents+json":
            return 415, {}
        if json.loads(body)["id"] != headers.get("Idempotency-Key"):
            return 400, {}
        if headers["Idempotency-Key"] not in self._keys:
            self._keys.add(headers["Idempotency-Key"])
            self.lines.append(body)
        return 204, None


@contextmanager
def serving(system):
    """The address under which a system is reached."""
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            with lock:
                tricks = system.tricks
                if tricks.chance.random() < tricks.busy:
                    tricks.refused += 1
                    self.reply(tricks.chance.choice((503, 429)), {"error": "later"})
                    return
                status, answer = system.answer("POST", self.path, self.headers, body)
                if tricks.chance.random() < tricks.drops:
                    tricks.dropped += 1
                    self.close_connection = True
                    return
            self.reply(status, answer)

        def reply(self, status, answer):
            data = b"" if answer is None else json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
