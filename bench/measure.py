"""The parts of bench/run that are more than a command: measure.py criterion DIR | offline BINARY WORK | proxy BINARY WORK."""
import hashlib, hmac, json, os, pathlib, socket, statistics, subprocess, sys, time, urllib.request

HERE = pathlib.Path(__file__).parent
NAMES = ["text", "voice", "status", "batch"]


def table(*rows):
    for index, row in enumerate(rows):
        print("| " + " | ".join(str(cell) for cell in row) + " |")
        if index == 0:
            print("|" + "---|" * len(row))
    print(flush=True)


# (a) What criterion found: medians, and ratios to the Value edit and to only validating.


def criterion(folder):
    rows = [("direction", "payload", "cutover ns", "`Value` edit ns", "validate ns", "MB/s", "vs `Value`", "vs validate")]
    for direction in ["cloud_to_onprem", "onprem_to_cloud", "cloud_to_normalized"]:
        for name in NAMES:
            of = lambda what: json.loads((folder / f"{direction}_{name}" / what / "new/estimates.json").read_text())
            ours, value, floor = (of(what)["median"]["point_estimate"] for what in ["cutover", "value", "validate"])
            size = json.loads((folder / f"{direction}_{name}/cutover/new/benchmark.json").read_text())["throughput"]["Bytes"]
            rows.append((direction, f"{name}, {size} B", f"{ours:.0f}", f"{value:.0f}", f"{floor:.0f}",
                         f"{size * 1e3 / ours:.0f}", f"{ours / value:.2f}", f"{ours / floor:.2f}"))
    table(*rows)


# (c) `cutover translate` on a long file, beside jq on a short one.

JQ = """.entry[].changes[].value | del(.messaging_product, .metadata)
| if .messages then .messages |= map(if .audio.voice then .voice = (.audio | del(.voice)) | del(.audio) | .type = "voice" else . end) else . end
| if .statuses then .statuses |= map(.type = "message" | .message = {recipient_id}) else . end"""


def capture(path, work, megabytes):
    """Webhooks a line each, mostly texts and statuses, a good many different ones."""
    bodies = {name: (work / f"{name}.json").read_text() for name in NAMES}
    mix = ["text"] * 6 + ["status"] * 3 + ["voice"]
    lines = [bodies[mix[n % 10]].replace("1764000000", str(1764000000 + n)).replace("155502", f"1555{n % 97:02}") for n in range(10_000)]
    block = "".join(line + "\n" for line in lines).encode()
    with open(path, "wb") as out:
        for _ in range(max(1, round(megabytes * 1e6 / len(block)))):
            out.write(block)
    return path.stat().st_size / 1e6


def timed(command):
    """Seconds on the wall, seconds of CPU, peak memory in MB (the kernel's own mark; wait4 would say at least our own)."""
    begun, peak = time.monotonic(), 0
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    while True:
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            break
        peak = max(peak, memory(process.pid, "VmHWM:"))
        time.sleep(0.02)
    if status != 0:
        sys.exit(f"{command[0]}: status {status}")
    return time.monotonic() - begun, usage.ru_utime + usage.ru_stime, peak


def memory(pid, line):
    """A line of /proc/PID/status in MB; 0 for a process that has ended."""
    found = pathlib.Path(f"/proc/{pid}/status").read_text().partition(line)[2]
    return int(found.split()[0]) / 1024 if found else 0


def offline(binary, work):
    rows = [("command", "file MB", "MB/s", "MB per CPU second", "peak RSS MB")]
    path = work / "capture.ndjson"
    commands = [(f"cutover translate --to {to}", megabytes, [binary, "translate", "--to", to, path])
                for to, megabytes in [("onprem", 100), ("onprem", 500), ("normalized", 500)]]
    for name, megabytes, command in [*commands, ("jq -c, a comparable edit", 20, ["jq", "-c", JQ, path])]:
        size = capture(path, work, megabytes)
        runs = [timed(command) for _ in range(3)]
        wall, cpu = (statistics.median(run[of] for run in runs) for of in [0, 1])
        rows.append((name, f"{size:.0f}", f"{size / wall:.0f}", f"{size / cpu:.0f}", f"{max(run[2] for run in runs):.0f}"))
    path.unlink()
    table(*rows)


# (d) Pass-through beside nginx as a plain proxy, in front of the same sink.

SECRET = "bench-secret"
CONNECTIONS, PAIRS, SECONDS = [1, 16, 64, 256], 5, 1

NGINX = """daemon off; master_process off; worker_processes 1; pid {work}/{name}.pid; error_log stderr crit;
events {{ worker_connections 4096; }}
http {{
  access_log off; client_body_buffer_size 64k; keepalive_requests 1000000000; client_body_temp_path {work}/{name}-body; proxy_temp_path {work}/{name}-proxy;
  fastcgi_temp_path {work}/{name}-f; uwsgi_temp_path {work}/{name}-u; scgi_temp_path {work}/{name}-s;
  upstream sink {{ server 127.0.0.1:{sink}; keepalive 256; keepalive_requests 1000000000; }}
  server {{ listen 127.0.0.1:{port} backlog=4096; location / {{ {does} }} }}
}}
"""
PROXIES = 'proxy_pass http://sink; proxy_http_version 1.1; proxy_set_header Connection "";'

CUTOVER = """[listen]
webhooks = "127.0.0.1:{port}"
admin = "127.0.0.1:{admin}"
[cloud]
app_secrets = ["{secret}"]
[onprem]
authorization = "{secret}"
[journal]
backend = "none"
[[consumer]]
name = "sink"
url = "http://127.0.0.1:{sink}/webhook"
format = "onprem"
concurrency = 256
[telemetry]
log = "error"
"""


def free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    [each.close() for each in sockets]
    return ports


class Target:
    """A process that takes webhooks, and what it used."""

    started = []

    def __init__(self, name, port, command, **environment):
        self.name, self.url = name, f"http://127.0.0.1:{port}/webhooks"
        self.process = subprocess.Popen(command, env=dict(os.environ, **environment), stderr=sys.stderr)
        self.started.append(self.process)
        self.idle = 0
        for _ in range(100):
            time.sleep(0.05)
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                self.idle = self.rss()
                return
            except OSError:
                pass
        sys.exit(f"{name} does not listen")

    def cpu(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def rss(self):
        return memory(self.process.pid, "VmRSS:")

    def load(self, connections, payload, signature):
        environment = dict(os.environ, PAYLOAD=str(payload), SIGNATURE=signature)
        before = self.cpu()
        wrk = ["wrk", "-t1", f"-c{connections}", f"-d{SECONDS}s", "-s", HERE / "signed.lua", self.url]
        said = subprocess.run(wrk, env=environment, capture_output=True, text=True, check=True, timeout=60).stdout
        run = json.loads(said.splitlines()[-1])
        if run["errors"]:
            sys.exit(f"{self.name}: {run}")
        return {"cpu": (self.cpu() - before) * 1e6 / run["requests"], "rate": run["requests"] / run["seconds"],
                "p99": run["p99_us"], "rss": self.rss()}


def pairs(targets, work, name):
    payload = work / f"{name}.json"
    signature = hmac.new(SECRET.encode(), payload.read_bytes(), hashlib.sha256).hexdigest()
    [target.load(16, payload, signature) for target in targets]
    rows = [("payload", "connections", "proxy", "CPU us/request", "requests/s", "p99 us", "RSS MB at start", "RSS MB",
             "CPU vs nginx", "requests/s vs nginx", "p99 vs nginx")]
    for connections in CONNECTIONS if name == "text" else [16]:
        runs = [[target.load(connections, payload, signature) for target in targets] for _ in range(PAIRS)]
        for at, target in enumerate(targets):
            median = lambda what: statistics.median(pair[at][what] for pair in runs)
            ratio = lambda what: statistics.median(pair[at][what] / pair[0][what] for pair in runs)
            rows.append((name, connections, target.name, f"{median('cpu'):.1f}", f"{median('rate'):.0f}", f"{median('p99'):.0f}",
                         f"{target.idle:.1f}", f"{median('rss'):.1f}", *(f"{ratio(what):.2f}" for what in ["cpu", "rate", "p99"])))
    table(*rows)


def proxy(binary, work):
    sink, plain, one, two, admin_one, admin_two = free_ports(6)

    def nginx(name, port, does):
        file = work / f"{name}.conf"
        file.write_text(NGINX.format(work=work, name=name, port=port, sink=sink, does=does))
        return Target(name, port, ["nginx", "-c", file])

    def cutover(name, port, admin, threads):
        file = work / f"{port}.toml"
        file.write_text(CUTOVER.format(port=port, admin=admin, sink=sink, secret=SECRET))
        return Target(name, port, [binary, "serve", "--config", file], TOKIO_WORKER_THREADS=threads)

    try:
        nginx("sink", sink, "return 200;")
        targets = [nginx("nginx", plain, PROXIES), cutover("cutover, 1 thread", one, admin_one, "1"),
                   cutover("cutover, 2 threads", two, admin_two, "2")]
        for name in ["text", "batch"]:
            pairs(targets, work, name)
        counted = urllib.request.urlopen(f"http://127.0.0.1:{admin_one}/metrics").read().decode()
        delivered = [line for line in counted.splitlines() if line.startswith("cutover_deliveries_total")]
        print("The proxy of 1 thread says:", "; ".join(delivered))
    finally:
        for process in Target.started:
            process.terminate()
            process.wait()


if __name__ == "__main__":
    part, *paths = sys.argv[1:]
    {"criterion": criterion, "offline": offline, "proxy": proxy}[part](*map(pathlib.Path, paths))
