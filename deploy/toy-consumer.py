"""A consumer to try cutover with: prints what it gets, masked, and answers 200, or TOY_ANSWER to see retries.

Texts, names, numbers and ids are printed as their length; words under a few keys of the platform stay.
"""

import http.server
import json
import os
import signal
import sys

ANSWER = int(os.environ.get("TOY_ANSWER", "200"))
PORT = int(os.environ.get("TOY_PORT", "3000"))
KEPT = {"type", "status", "field", "mime_type", "object", "messaging_product"}


def masked(value, key=""):
    if isinstance(value, dict):
        return {name: masked(member, name) for name, member in value.items()}
    if isinstance(value, list):
        return [masked(item) for item in value]
    if isinstance(value, bool) or value is None or (key in KEPT and isinstance(value, str)):
        return value
    return f"<{len(str(value))}>"


class Toy(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        try:
            shown = json.dumps(masked(json.loads(body)))
        except ValueError:
            shown = "no JSON"
        attempt = self.headers.get("x-cutover-attempt", "-")
        print(f"attempt {attempt}, {len(body)} bytes, answered {ANSWER}: {shown}", flush=True)
        self.send_response(ANSWER)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
server = http.server.ThreadingHTTPServer(("", PORT), Toy)
print(f"listens on port {server.server_port}, answers {ANSWER}", flush=True)
server.serve_forever()
