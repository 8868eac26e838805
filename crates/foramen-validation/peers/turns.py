"""What every comparison of `cargo xtask peers` shares: sides that take turns, and their record.

A side is a process: `Once` is started for each round, `Served` is started once and runs its
task when it is told to. The order within a round is turned by one place each round, after a
round that does not count, so that what else the machine does meets all sides alike. Peak
memory is what the kernel counted when a process ended (`ru_maxrss`). This module needs nothing
but Python itself and stays small, since a child's count begins with the size of its parent.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def settings(**more):
    """The arguments that `cargo xtask peers` passes to every script."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--record", type=Path, required=True, help="JSON file to write")
    parser.add_argument("--programs", type=Path, required=True, help="folder of our programs")
    parser.add_argument("--work", type=Path, required=True, help="folder for what is written")
    parser.add_argument("--cohort", type=Path, help="folder of the drawn cohort")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=120, help="most time for a comparison")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--quick", action="store_true")
    for name, kind in more.items():
        parser.add_argument(f"--{name}", type=kind)
    chosen = parser.parse_args()
    for name in ("OMP_NUM_THREADS", "RAYON_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = str(chosen.threads)
    return chosen


class Side:
    """A program that takes turns with others; `version` is for the reader."""

    def __init__(self, name, version, command, folder=None):
        self.name, self.version, self.folder = name, version, folder
        self.command = [str(part) for part in command]
        self.seconds, self.peak, self.answer = [], 0.0, None

    def ended(self, process):
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        self.peak = max(self.peak, usage.ru_maxrss / 1024)
        if process.returncode != 0:
            sys.exit(f"{self.name} failed ({process.returncode}): {' '.join(self.command)}")

    def stop(self):
        pass

    def record(self):
        return {
            "name": self.name,
            "version": self.version,
            "seconds": self.seconds,
            "peak_mib": round(self.peak, 1),
        }


class Once(Side):
    """Timed from the start of the process to its end."""

    def turn(self):
        if self.folder is not None:
            emptied(self.folder)
        started = time.perf_counter()
        quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL}
        # What it says is kept aside, and shown where it fails.
        with tempfile.TemporaryFile("w+", errors="replace") as said:
            process = subprocess.Popen(self.command, stderr=said, **quiet)
            try:
                self.ended(process)
            except SystemExit:
                said.seek(0)
                sys.stderr.write(said.read()[-2000:])
                raise
        return time.perf_counter() - started


class Served(Side):
    """Times itself: reads a line, runs its task, and writes a line of JSON with `seconds` and,
    for checks, `answer`. Its first line tells its version, once it is ready."""

    def __init__(self, name, version, command, request="run"):
        super().__init__(name, version, command)
        self.process, self.request = None, request

    def start(self):
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self.process = subprocess.Popen(self.command, **pipes)
        ready = self.line()
        self.version = ready.get("version", self.version)

    def line(self):
        text = self.process.stdout.readline()
        if not text:
            self.ended(self.process)
            sys.exit(f"{self.name} ended early: {' '.join(self.command)}")
        return json.loads(text)

    def turn(self):
        if self.process is None:
            self.start()
        print(self.request, file=self.process.stdin, flush=True)
        told = self.line()
        self.answer = told.get("answer", self.answer)
        return told["seconds"]

    def stop(self):
        if self.process is not None:
            self.process.stdin.close()
            self.ended(self.process)
            self.process = None


def compare(what, work, sides, chosen, bar=None, rounds=None):
    """Lets the sides take turns; ours is the first. Stops after `rounds`, or when the time is
    spent and three rounds are done. Gives the row of the record."""
    rounds = rounds or chosen.rounds
    started, done = time.perf_counter(), 0
    print(f"{what} ({work})", flush=True)
    for side in sides:
        side.turn()
    while done < rounds and (done < 3 or time.perf_counter() - started < chosen.seconds):
        turned = done % len(sides)
        for side in sides[turned:] + sides[:turned]:
            side.seconds.append(side.turn())
        done += 1
    for side in sides:
        side.stop()
        middle = sorted(side.seconds)[len(side.seconds) // 2]
        print(f"  {side.name:<28} {middle:>10.4f} s  {side.peak:>6.0f} MiB", flush=True)
    return {"what": what, "work": work, "bar": bar, "sides": [side.record() for side in sides]}


def write(chosen, subject, rows, notes=(), **more):
    """Writes the record of a subject."""
    record = {"subject": subject, "threads": chosen.threads, "quick": chosen.quick}
    record |= {"rows": rows, "notes": list(notes), **more}
    chosen.record.write_text(json.dumps(record, indent=1))


def serve(version, task):
    """The loop of a side that is `Served`: `task` is run for each line of standard input."""
    print(json.dumps({"version": version}), flush=True)
    for _ in sys.stdin:
        started = time.perf_counter()
        answer = task()
        print(json.dumps({"seconds": time.perf_counter() - started, "answer": answer}), flush=True)


def emptied(folder):
    folder.mkdir(parents=True, exist_ok=True)
    for file in folder.iterdir():
        file.unlink()
    return folder
