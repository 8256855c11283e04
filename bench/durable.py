"""The durable part of bench/run: durable.py BINARY LIMIT WORK RECORDS [PART...]. All traffic stays on 127.0.0.1.

accept: webhooks that all are new, accepted, delivered and settled, beside a plain file to which as many writers append.
backlog: RECORDS webhooks for a consumer that is down: accepts beside those of an empty journal, memory, restart, drain."""
import json, os, pathlib, signal, socket, statistics, subprocess, sys, time, urllib.request

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE))
from measure import NGINX, free_ports, memory, table  # noqa: E402

CONFIG = """[listen]
webhooks = "127.0.0.1:{port}"
admin = "127.0.0.1:{admin}"
[journal]
path = "{journal}"
[[consumer]]
name = "sink"
url = "http://127.0.0.1:{sink}/webhook"
format = "onprem"
[telemetry]
log = "error"
"""


class Cutover:
    """A proxy with a journal of its own in front of a sink that may be down."""

    def __init__(self, binary, work, sink, name):
        self.binary, self.file, self.journal = binary, work / f"{name}.toml", work / f"{name}.db"
        self.port, self.admin = free_ports(2)
        self.file.write_text(CONFIG.format(port=self.port, admin=self.admin, journal=self.journal, sink=sink))
        self.start()

    def start(self):
        begun = time.monotonic()
        self.process = subprocess.Popen([self.binary, "serve", "--config", self.file])
        while True:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.admin}/readyz") as answer:
                    answer.read()
                return time.monotonic() - begun
            except OSError:
                time.sleep(0.005)

    def stop(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        self.process.wait()

    def cpu(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def rss(self):
        return memory(self.process.pid, "VmRSS:")

    def metric(self, sample):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.admin}/metrics") as answer:
            for line in answer.read().decode().splitlines():
                if line.startswith(sample):
                    return float(line.rsplit(" ", 1)[1])
        return 0.0

    def owed(self):
        return sum(self.metric(f'cutover_queue_depth{{consumer="sink",state="{state}"}}') for state in ["ready", "in_flight", "parked"])

    def load(self, connections, seconds, seed):
        wrk = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", HERE / "fresh.lua", f"http://127.0.0.1:{self.port}/webhooks"]
        said = subprocess.run(wrk, env=dict(os.environ, SEED=seed), capture_output=True, text=True, check=True).stdout
        run = json.loads(said.splitlines()[-1])
        if run["errors"]:
            sys.exit(f"not all accepted: {run}")
        return run

    def drained(self, patience=600):
        begun = time.monotonic()
        while self.owed():
            if time.monotonic() - begun > patience:
                sys.exit("not drained")
            time.sleep(0.02)
        return time.monotonic() - begun


class Sink:
    def __init__(self, work):
        (self.port,) = free_ports(1)
        self.file = work / "sink.conf"
        self.file.write_text(NGINX.format(work=work, name="sink", port=self.port, sink=self.port, does="return 200;"))

    def up(self):
        self.process = subprocess.Popen(["nginx", "-c", self.file])
        while True:
            try:
                return socket.create_connection(("127.0.0.1", self.port)).close()
            except OSError:
                time.sleep(0.01)

    def down(self):
        self.process.terminate()
        self.process.wait()


def limit(program, work, connections):
    said = subprocess.run([program, work / "limit", str(connections), "2"], capture_output=True, text=True, check=True).stdout
    return json.loads(said)


def accept(binary, program, work):
    sink = Sink(work)
    sink.up()
    rows = [("connections", "accepts/s", "p50 ms", "p99 ms", "file: appends/s", "p50 ms", "p99 ms", "CPU us/event", "memory MB", "bytes/record")]
    for connections in [1, 16, 64, 256]:
        runs, limits = [], []
        for round in range(3):
            limits.append(limit(program, work, connections))
            proxy = Cutover(binary, work, sink.port, f"accept-{connections}-{round}")
            proxy.load(connections, 1, "warm")
            proxy.drained()
            cpu, before = proxy.cpu(), proxy.journal.stat().st_size
            run = proxy.load(connections, 3, f"{connections}.{round}")
            run["rss"] = proxy.rss()
            proxy.drained()
            run["cpu"] = (proxy.cpu() - cpu) * 1e6 / run["requests"]
            total = proxy.metric('cutover_webhooks_total{source="cloud",outcome="accepted"}')
            proxy.stop()
            run["bytes"] = proxy.journal.stat().st_size / total
            runs.append(run)
            proxy.journal.unlink()
        of = lambda runs, what: statistics.median(run[what] for run in runs)
        rate = lambda runs: statistics.median(run["requests"] / run["seconds"] for run in runs)
        rows.append((connections, f"{rate(runs):.0f}", f"{of(runs, 'p50_us') / 1e3:.2f}", f"{of(runs, 'p99_us') / 1e3:.2f}",
                     f"{rate(limits):.0f}", f"{of(limits, 'p50_us') / 1e3:.2f}", f"{of(limits, 'p99_us') / 1e3:.2f}",
                     f"{of(runs, 'cpu'):.0f}", f"{of(runs, 'rss'):.0f}", f"{of(runs, 'bytes'):.0f}"))
    table(*rows)
    sink.down()


def backlog(binary, work, records):
    sink = Sink(work)
    proxy = Cutover(binary, work, sink.port, "backlog")
    empty = [proxy.load(64, 2, f"empty.{round}") for round in range(3)]
    begun, round = proxy.owed(), 0
    while proxy.owed() < records:
        proxy.load(64, 5, f"fill.{round}")
        round += 1
    owed = proxy.owed()
    full = [proxy.load(64, 2, f"full.{round}") for round in range(3)]
    rate = lambda runs: statistics.median(run["requests"] / run["seconds"] for run in runs)
    rss = proxy.rss()
    proxy.stop(signal.SIGKILL)
    ready_killed = proxy.start()
    idle = proxy.rss()
    proxy.stop()
    sink.up()
    begun = time.monotonic()
    ready = proxy.start()
    delivered = 'cutover_deliveries_total{consumer="sink",outcome="delivered"}'
    while not proxy.metric(delivered):
        time.sleep(0.002)
    first = time.monotonic() - begun
    owed_then, cpu = proxy.owed(), proxy.cpu()
    took = proxy.drained()
    cpu = (proxy.cpu() - cpu) * 1e6 / owed_then
    table(("records owed", "accepts/s empty", "accepts/s then", "ratio", "memory MB", "ready after kill s", "memory then MB", "ready s",
           "first delivery s", "drained/s", "CPU us/record", "memory after MB"),
          (f"{owed:.0f}", f"{rate(empty):.0f}", f"{rate(full):.0f}", f"{rate(full) / rate(empty):.2f}", f"{rss:.0f}", f"{ready_killed:.3f}",
           f"{idle:.0f}", f"{ready:.3f}", f"{first:.3f}", f"{owed_then / took:.0f}", f"{cpu:.0f}", f"{proxy.rss():.0f}"))
    proxy.stop()
    sink.down()


if __name__ == "__main__":
    binary, program, work = map(pathlib.Path, sys.argv[1:4])
    parts = sys.argv[5:] or ["accept", "backlog"]
    if "accept" in parts:
        accept(binary, program, work)
    if "backlog" in parts:
        backlog(binary, work, int(sys.argv[4]))
