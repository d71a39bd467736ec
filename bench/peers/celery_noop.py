#!/usr/bin/env python3
"""The peer of P7: Celery with Redis, default prefetch, two worker processes, a task that does nothing, results ignored.

    apt-get install redis-server
    python3 -m venv ~/.cache/umam-peers/celery && ~/.cache/umam-peers/celery/bin/pip install 'celery[redis]'
    ~/.cache/umam-peers/celery/bin/python bench/peers/celery_noop.py [JOBS] [ROUNDS] [SYNC] [CLIENTS]

Starts a Redis and a worker of its own in a temporary folder. SYNC is how Redis keeps what it acknowledged: `snapshot` (as
it comes: a snapshot now and then, so that a crash loses up to minutes), or `always` (append-only file, synced before every
answer, which is what our queue does). CLIENTS processes put the jobs. Prints jobs per second from the first put until the
last job was run, and from asking to start at a low rate; the last line is JSON.
"""
import json
import multiprocessing
import os
import pathlib
import socket
import statistics
import subprocess
import sys
import tempfile
import time

import celery
import redis

WORDS = sys.argv[1:] if __name__ == "__main__" else []
JOBS, ROUNDS, SYNC, CLIENTS = (WORDS + ["10000", "3", "snapshot", "2"][len(WORDS):])[:4]
JOBS, ROUNDS, CLIENTS = int(JOBS), int(ROUNDS), int(CLIENTS)
PROBES, PROBE_EVERY_S = 400, 0.005
URL = os.environ.get("BENCH_REDIS", "redis://127.0.0.1:1/0")

app = celery.Celery("celery_noop", broker=URL)
app.conf.update(task_ignore_result=True, broker_connection_retry_on_startup=True)
done = os.open("done" if "BENCH_REDIS" in os.environ else os.devnull, os.O_WRONLY | os.O_CREAT | os.O_APPEND)  # a byte per job run: the cheapest way to see the end


@app.task(name="noop")
def noop():
    os.write(done, b".")


@app.task(name="probe")
def probe(asked_at):
    os.write(done, f"{time.monotonic() - asked_at:.6f}\n".encode())  # the clock is the same for all processes


def put(count):
    for _ in range(count):
        noop.delay()


def wait_for(condition, seconds=600):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            sys.exit("bench: the Celery worker does not finish")
        time.sleep(0.001)


def jobs_per_second():
    os.truncate("done", 0)
    clients = [multiprocessing.Process(target=put, args=(JOBS // CLIENTS,)) for _ in range(CLIENTS)]
    began = time.monotonic()
    for client in clients:
        client.start()
    wait_for(lambda: os.path.getsize("done") >= JOBS // CLIENTS * CLIENTS)
    took = time.monotonic() - began
    for client in clients:
        client.join()
    return JOBS // CLIENTS * CLIENTS / took


def start_latency():
    os.truncate("done", 0)
    for _ in range(PROBES):
        probe.delay(time.monotonic())
        time.sleep(PROBE_EVERY_S)
    wait_for(lambda: pathlib.Path("done").read_text().count("\n") >= PROBES)
    waited = sorted(float(line) * 1000 for line in pathlib.Path("done").read_text().split())
    return waited[PROBES // 2], waited[PROBES * 99 // 100]


def free_port():
    with socket.socket() as probe_socket:
        probe_socket.bind(("127.0.0.1", 0))
        return probe_socket.getsockname()[1]


def serve(folder):
    """Redis and the worker in this folder; this program again with their address."""
    port = free_port()
    sync = ["--appendonly", "yes", "--appendfsync", "always", "--save", ""] if SYNC == "always" else []
    server = subprocess.Popen(["redis-server", "--port", str(port), "--dir", folder, *sync], stdout=subprocess.DEVNULL)
    environment = {**os.environ, "BENCH_REDIS": f"redis://127.0.0.1:{port}/0",
                   "PYTHONPATH": str(pathlib.Path(__file__).resolve().parent), "PYTHONDONTWRITEBYTECODE": "1"}
    worker = subprocess.Popen([sys.executable, "-m", "celery", "-A", "celery_noop", "worker", "--concurrency", "2"], cwd=folder,
                              env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        return subprocess.run([sys.executable, __file__, *sys.argv[1:]], env=environment, cwd=folder).returncode
    finally:
        worker.terminate()
        worker.wait()
        server.terminate()
        server.wait()


def measure():
    noop.delay()
    wait_for(lambda: os.path.getsize("done"), 60)  # the worker is up
    rates, latencies = [], []
    for _ in range(ROUNDS):
        rates.append(jobs_per_second())
        latencies.append(start_latency())
    rate = statistics.median(rates)
    p50, p99 = (statistics.median(row[i] for row in latencies) for i in (0, 1))
    print(f"celery {celery.__version__} + redis {redis.Redis.from_url(URL).info('server')['redis_version']} ({SYNC}): {JOBS} jobs, 2 processes, "
          f"{CLIENTS} clients, median of {ROUNDS} rounds: {rate:.0f} jobs/s, asked to started p50 {p50:.2f} ms p99 {p99:.2f} ms")
    print(json.dumps({"jobs_per_s": rate, "p50_ms": p50, "p99_ms": p99}))


if __name__ == "__main__":
    if "BENCH_REDIS" in os.environ:
        measure()
    else:
        with tempfile.TemporaryDirectory(prefix="umam-celery-") as workplace:
            sys.exit(serve(workplace))
