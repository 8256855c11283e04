"""The part `scaled` of bench/run: scaled.py BINARY PUBLISHER NATS_SERVER WORK. All traffic stays on 127.0.0.1.

Webhooks that all are new, accepted, delivered and settled, by one proxy and by two over one NATS server and over three,
beside a bare publisher of as many bytes to the same servers and beside the embedded journal. A round of each in turn."""
import json, os, pathlib, shutil, signal, statistics, subprocess, sys, threading, time, urllib.request

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE))
from durable import CONFIG, Cutover, Sink  # noqa: E402
from measure import free_ports, memory, table  # noqa: E402

JOURNAL = """[journal]
backend = "jetstream"
retain_max_bytes = 268435456
[journal.jetstream]
url = "{url}"
stream = "{stream}"
replicas = {replicas}
"""
ROUNDS = int(os.environ.get("ROUNDS", "3"))
SECONDS = int(os.environ.get("SECONDS_EACH", "4"))


class Brokers:
    """One NATS server, or a cluster of three."""

    def __init__(self, program, work, servers, more=""):
        self.program, self.work, self.processes = program, work, []
        ports = free_ports(3 * servers)
        self.clients, monitors, routes = ports[:servers], ports[servers : 2 * servers], ports[2 * servers :]
        self.monitor = monitors[0]
        for place in range(servers):
            home = work / f"nats-{servers}-{place}-{time.monotonic_ns()}"
            home.mkdir()
            cluster = ""
            if servers > 1:
                peers = ", ".join(f'"nats://127.0.0.1:{port}"' for port in routes)
                cluster = f'cluster {{ name: bench, listen: "127.0.0.1:{routes[place]}", routes: [{peers}] }}\n'
            file = home / "nats.conf"
            file.write_text(f'server_name: n{place}\nlisten: "127.0.0.1:{self.clients[place]}"\nhttp: "127.0.0.1:{monitors[place]}"\n'
                            f'max_payload: 16MB\njetstream {{ store_dir: "{home}"\n{more}\n }}\n{cluster}')
            self.processes.append(subprocess.Popen([program, "-c", file, "-l", home / "log"]))
        for monitor in monitors:
            self.wait(monitor)
        time.sleep(2 if servers > 1 else 0)

    def wait(self, monitor):
        for _ in range(600):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{monitor}/healthz") as answer:
                    return answer.read()
            except OSError:
                time.sleep(0.05)
        sys.exit("nats-server does not come up")

    def url(self):
        return ",".join(f"nats://127.0.0.1:{port}" for port in self.clients)

    def cpu(self):
        return sum(cpu_of(process.pid) for process in self.processes)

    def rss(self):
        return max(memory(process.pid, "VmRSS:") for process in self.processes)

    def stop(self):
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.wait()


def cpu_of(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Shared(Cutover):
    """A proxy over streams that it shares."""

    def __init__(self, binary, work, sink, name, url, stream, replicas):
        self.binary, self.file = binary, work / f"{name}.toml"
        self.port, self.admin = free_ports(2)
        plain = CONFIG.format(port=self.port, admin=self.admin, journal="", sink=sink)
        journal = JOURNAL.format(url=url, stream=stream, replicas=replicas)
        self.file.write_text(plain.replace('[journal]\npath = ""\n', journal))
        self.start()


def together(proxies, connections, seed):
    """All proxies under load at once; the sum."""
    runs = [None] * len(proxies)

    def load(place):
        runs[place] = proxies[place].load(max(1, connections // len(proxies)), SECONDS, f"{seed}.{place}")

    threads = [threading.Thread(target=load, args=(place,)) for place in range(len(proxies))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {"requests": sum(run["requests"] for run in runs), "seconds": max(run["seconds"] for run in runs),
            "p50_us": max(run["p50_us"] for run in runs), "p99_us": max(run["p99_us"] for run in runs)}


def shared_run(binary, work, sink, brokers, replicas, count, connections, name):
    stream = name.replace(".", "-")
    proxies = [Shared(binary, work, sink, f"{stream}-{place}", brokers.url(), stream, replicas) for place in range(count)]
    time.sleep(6)  # until each has its share
    together(proxies, connections, f"{name}.warm")
    drained(proxies)
    cpu, broker_cpu = sum(proxy.cpu() for proxy in proxies), brokers.cpu()
    run = together(proxies, connections, name)
    begun = time.monotonic()
    drained(proxies)
    run["drain"] = time.monotonic() - begun
    run["cpu"] = (sum(proxy.cpu() for proxy in proxies) - cpu) * 1e6 / run["requests"]
    run["broker"] = (brokers.cpu() - broker_cpu) * 1e6 / run["requests"]
    run["rss"] = max(proxy.rss() for proxy in proxies)
    run["broker_rss"] = brokers.rss()
    for proxy in proxies:
        proxy.stop()
    return run


def drained(proxies):
    # What others hold is told once a second.
    quiet = 0
    while quiet < 3:
        quiet = quiet + 1 if not any(proxy.owed() for proxy in proxies) else 0
        time.sleep(0.5 if quiet else 0.1)


def embedded_run(binary, work, sink, connections, name):
    proxy = Cutover(binary, work, sink, name)
    proxy.load(connections, 1, f"{name}.warm")
    proxy.drained()
    cpu = proxy.cpu()
    run = proxy.load(connections, SECONDS, name)
    proxy.drained()
    run["cpu"] = (proxy.cpu() - cpu) * 1e6 / run["requests"]
    run["rss"] = proxy.rss()
    proxy.stop()
    proxy.journal.unlink()
    return run


def bare_run(publisher, brokers, replicas, connections):
    cpu = brokers.cpu()
    said = subprocess.run([publisher, brokers.url().split(",")[0], str(replicas), str(connections), str(SECONDS), "700"],
                          capture_output=True, text=True, check=True).stdout
    run = json.loads(said)
    run["broker"] = (brokers.cpu() - cpu) * 1e6 / run["requests"]
    return run


def scaled(binary, publisher, program, work):
    sink = Sink(work)
    sink.up()
    rows = [("servers", "connections", "journal", "accepts/s", "of bare", "of embedded", "p50 ms", "p99 ms", "proxy CPU us", "NATS CPU us", "proxy MB", "NATS MB")]
    for servers, more in [(1, ""), (3, ""), (1, "sync_interval: always")]:
        brokers = Brokers(program, work, servers, more)
        label = f"{servers}, always synced" if more else str(servers)
        for connections in [16, 128]:
            kinds = {"bare publisher": [], "one proxy": [], "two proxies": [], "embedded": []}
            for round in range(ROUNDS):
                name = f"s{servers}{'a' if more else ''}c{connections}r{round}"
                kinds["bare publisher"].append(bare_run(publisher, brokers, servers, connections))
                kinds["one proxy"].append(shared_run(binary, work, sink.port, brokers, servers, 1, connections, f"{name}one"))
                kinds["two proxies"].append(shared_run(binary, work, sink.port, brokers, servers, 2, connections, f"{name}two"))
                kinds["embedded"].append(embedded_run(binary, work, sink.port, connections, f"{name}file"))
            rate = lambda kind: statistics.median(run["requests"] / run["seconds"] for run in kinds[kind])
            for kind, runs in kinds.items():
                of = lambda what, digits=0, by=1: f"{statistics.median(run[what] for run in runs) / by:.{digits}f}" if what in runs[0] else ""
                print(label, connections, kind, f"{rate(kind):.0f}", file=sys.stderr, flush=True); rows.append((label, connections, kind, f"{rate(kind):.0f}", f"{rate(kind) / rate('bare publisher'):.2f}",
                             f"{rate(kind) / rate('embedded'):.2f}", of("p50_us", 2, 1e3), of("p99_us", 2, 1e3), of("cpu"), of("broker"), of("rss"), of("broker_rss")))
        brokers.stop()
    table(*rows)
    sink.down()


if __name__ == "__main__":
    scaled(*map(pathlib.Path, sys.argv[1:5]))
