"""scripts/bench: runs the workloads of workloads.py in Invar and in every peer, in turn, on as many
processors as threads, and writes the medians as the page of this machine's processor.  Needs Linux
and the standard library."""
import argparse
import csv
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pages
import report
from workloads import COMPILE, CONTRACTION, LONG, PEERS, SLOW, WORKLOADS

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent

# Module: what pip is asked for, the next where one fails.  PyTorch's own site has wheels without
# the libraries for GPUs (gigabytes), which the one on PyPI needs to be imported at all.
PACKAGES = {
    "numpy": [["numpy"]],
    "jax": [["jax"]],
    "torch": [["torch", "--index-url", "https://download.pytorch.org/whl/cpu"], ["torch"]],
    "tensorflow": [["tensorflow-cpu"]],
    "keras": [["keras"]],
    "mkl": [["mkl"]],
}
# Settings of libraries that a user's environment may hold; all start from their own choice.
FOREIGN = ("OPENBLAS_", "GOTO_", "MKL_", "OMP_", "KMP_", "GOMP_", "XLA_", "JAX_", "TORCH", "TF_",
           "ONEDNN_", "DNNL_", "KERAS_", "INVAR_")
EPOCHS = 20  # that are compared with the first
PATIENCE = 300  # seconds of runs until one that seems slower than the first counts as slower
LAYERS = (10, 100, 1000)  # of the models that are compiled
BUSY = 0.1  # of the machine, kept by others: from there on figures compare little
TRIES = 3  # of a turn that others disturb, where a page is wanted
SHORT = 0.02  # seconds of Invar's loop up to which its CPU seconds drown in those of its start

LAYERED = """invar 1

data d = random(64) { input x: f32[16] = random_normal([16]) }

model layers(x: f32[16]) {
  h = x
LAYERS  loss mse(h, x)
}

train layers on d { epochs 1  optimizer adam() }
"""


def stop(message):
    sys.exit(f"scripts/bench: {message}")


def say(message):
    print(message, flush=True)


def measurable():
    return [*WORKLOADS, CONTRACTION, COMPILE.strip()]


def options():
    parser = argparse.ArgumentParser(
        prog="scripts/bench", formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Trains the same models in Invar and in other libraries, side by side on this "
        "machine,\nand writes the page of its processor, docs/benchmarks/PROCESSOR.md, with every "
        "single run in\nPROCESSOR.csv, and docs/benchmarks.md, which is made of all processors' "
        "pages.  Needs a quiet\nmachine and some GB for the libraries.",
        epilog="workloads: " + ", ".join(measurable()) +
        "\npeers:     " + ", ".join(PEERS) + "  (--peers none: Invar alone)")
    parser.add_argument("--quick", action="store_true", help="one short round, page to the screen")
    parser.add_argument("--only", metavar="WORKLOAD", action="append", default=[],
                        help="only this workload (may be repeated), page to the screen")
    parser.add_argument("--peers", metavar="LIST", help="only these, with commas between them; "
                        "page to the screen")
    parser.add_argument("--threads", metavar="LIST", help="numbers of threads, each its own "
                        "table, page to the screen (1,2)")
    parser.add_argument("--rounds", metavar="N", type=int, help="turns of every program (3)")
    parser.add_argument("--env", metavar="DIR", type=Path, default=ROOT / "build" / "peers",
                        help="environment of Python that has the peers, or shall get what it lacks "
                        "(build/peers)")
    parser.add_argument("--build", metavar="DIR", type=Path, default=ROOT / "build" / "release",
                        help="a build of invar (made in build/release where this is not given)")
    parser.add_argument("--docs", metavar="DIR", type=Path, help="where benchmarks.md and the "
                        "folder benchmarks are (docs); a page is written there, not to the screen")
    parser.add_argument("--pages", action="store_true",
                        help="measure nothing: make benchmarks.md of the pages that are there")
    parser.add_argument("--busy", action="store_true", help="write a page though others keep more "
                        f"than {BUSY * 100:.0f}%% of this machine busy")
    parser.add_argument("--list", action="store_true",
                        help="print the names of the workloads, one a line")
    parser.add_argument("--check", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.list:
        print("\n".join(measurable()))
        sys.exit()
    checked(chosen)
    if chosen.pages:
        pages.write_overview(chosen.docs or ROOT / "docs")
        sys.exit()
    if chosen.check:
        sys.exit()
    if not (chosen.build / "bin" / "invar").exists():
        stop(f"{chosen.build} has no bin/invar; give a folder that CMake built, or leave --build "
             "out")
    return chosen


def checked(chosen):
    partial = chosen.quick or chosen.only or chosen.threads or chosen.peers is not None
    known = measurable()
    for name in chosen.only:
        if name not in known:
            stop(f"there is no workload '{name}'; take one of {', '.join(known)}")
    chosen.only = chosen.only or known
    names = list(PEERS) if chosen.peers is None else chosen.peers.split(",")
    chosen.peers = [] if chosen.peers == "none" else [name.strip() for name in names]
    for name in chosen.peers:
        if name not in PEERS:
            stop(f"there is no peer '{name}'; take some of {', '.join(PEERS)}, or none")
    processors = sorted(os.sched_getaffinity(0))
    counts = chosen.threads or ("1,2" if len(processors) > 1 else "1")
    try:
        chosen.threads = [int(count) for count in counts.split(",")]
    except ValueError:
        stop(f"--threads {counts}: numbers with commas between them expected, such as 1,2")
    for count in chosen.threads:
        if not 1 <= count <= len(processors):
            stop(f"--threads {count}: there are {len(processors)} processors; take at most as many")
    if chosen.rounds is not None and chosen.rounds < 1:
        stop(f"--rounds {chosen.rounds}: at least 1 expected")
    chosen.rounds = chosen.rounds or (1 if chosen.quick else 3)
    chosen.seconds = 0.2 if chosen.quick else 1.0
    if not chosen.docs and not partial:
        chosen.docs = ROOT / "docs"
    if chosen.docs and not os.access(chosen.docs, os.W_OK):
        stop(f"--docs {chosen.docs}: cannot be written")


def modules(chosen):
    needed = ["numpy"] if chosen.peers or CONTRACTION in chosen.only else []
    for name in chosen.peers:
        needed.append(PEERS[name][0])
    if CONTRACTION in chosen.only and chosen.peers:
        needed.append("mkl")
    return list(dict.fromkeys(needed))


def lacks(env, module):
    if module == "mkl":
        return not list((env / "lib").glob("libmkl_rt.so*"))
    probe = "import importlib.util, sys; sys.exit(not importlib.util.find_spec(sys.argv[1]))"
    return subprocess.run([env / "bin" / "python", "-c", probe, module]).returncode != 0


def install_peers(chosen):
    """What is missing in the environment; says how to do without what cannot be installed."""
    env = chosen.env
    if not modules(chosen):
        return
    if not (env / "bin" / "python").exists():
        say(f"making {env}")
        env.parent.mkdir(parents=True, exist_ok=True)
        if subprocess.run([sys.executable, "-m", "venv", env]).returncode != 0:
            stop(f"python3 -m venv {env} failed; give an environment by --env DIR")
    for module in modules(chosen):
        if lacks(env, module):
            say(f"installing {module} in {env}")
            if not any(pip_installs(env, packages) for packages in PACKAGES[module]):
                stop(f"pip could not install {module}; give an environment that has it by --env "
                     "DIR, or leave its peers out by --peers LIST")


def pip_installs(env, packages):
    command = [env / "bin" / "python", "-m", "pip", "install", "-q", "--retries", "1",
               "--disable-pip-version-check", *packages]
    return subprocess.run(command).returncode == 0


def compile_helper(work, name, *flags):
    program = work / name
    command = ["gcc", *flags, "-o", program, HERE / f"{name}.c"]
    if subprocess.run(command).returncode != 0:
        stop(f"gcc could not compile bench/{name}.c")
    return program


class Load:
    """What others do with this machine's processors from here on."""

    def __init__(self):
        self.before = self.sample()

    @staticmethod
    def sample():
        """Seconds of all processors, of those idle, of those that this process and what it ran
        had."""
        line = Path("/proc/stat").read_text().split("\n")[0].split()
        ticks = [int(text) / os.sysconf("SC_CLK_TCK") for text in line[1:9]]
        return sum(ticks), ticks[3] + ticks[4], sum(os.times()[:4])

    def others(self):
        """Their share of all processors since then."""
        total, idle, own = (now - before for now, before in zip(self.sample(), self.before))
        return max(0, total - idle - own) / max(total, 1e-9)


class Runner:
    """Runs programs on the first THREADS processors, one after the other."""

    def __init__(self, chosen, work):
        self.chosen, self.work, self.rows = chosen, work, []
        self.others = 0  # the most of the machine that others had in a turn
        self.quick_peers = {}  # by workload: those that were not too slow
        self.processors = sorted(os.sched_getaffinity(0))
        self.measure = compile_helper(work, "measure", "-O2")

    def environment(self, threads):
        environment = plain_environment()
        environment.update(CUDA_VISIBLE_DEVICES="", JAX_PLATFORMS="cpu", TF_CPP_MIN_LOG_LEVEL="3",
                           PYTHONDONTWRITEBYTECODE="1")
        for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
            environment[name] = str(threads)
        return environment

    def run(self, threads, command):
        """Start, wall-clock seconds, CPU seconds and peak bytes of a command."""
        log, result = self.work / "log", self.work / "result"
        os.sched_setaffinity(0, self.processors[:threads])
        try:
            with open(log, "w") as out:
                status = subprocess.run([self.measure, result, *command], stdout=out, stderr=out,
                                        env=self.environment(threads), cwd=self.work).returncode
        finally:
            os.sched_setaffinity(0, self.processors)
        if status != 0:
            stop(f"{' '.join(map(str, command))} failed:\n{log.read_text()[-3000:]}")
        return [float(number) for number in result.read_text().split()]

    def add(self, workload, threads, program, **figures):
        self.rows.append({"workload": workload, "threads": threads, "program": program, **figures})

    def trainer(self, name):
        path = self.work / name
        model = ROOT / WORKLOADS[name].model
        if subprocess.run([self.chosen.build / "bin" / "invar", "build", model, "-o",
                           path]).returncode != 0:
            stop(f"invar could not build {model}")
        return path

    def run_invar(self, name, threads, epochs=None):
        """Figures of one process; `epochs` instead of the model's."""
        log, weights = self.work / "epochs.jsonl", self.work / "weights.safetensors"
        command = [self.work / name, "--quiet", "--threads", str(threads), "--log", log,
                   "--weights", weights, "--data", (ROOT / WORKLOADS[name].model).parent]
        command += ["--epochs", str(epochs)] if epochs else []
        _, wall, cpu, memory = self.run(threads, command)
        lines = [json.loads(line) for line in log.read_text().splitlines()]
        epochs = [line for line in lines if "epoch" in line]
        return {"epochs": [line["seconds"] for line in epochs], "whole": wall, "cpu": cpu,
                "memory": memory, "loss": epochs[-1]["loss"], "hash": lines[-1]["sha256"],
                "rows": sum(lines[0][part + "_rows"] for part in ("train", "val", "test"))}

    def invar_turn(self, name, threads):
        """The model as it is for the whole process, and twice its epochs for the warm loop: what
        the second half takes.  Repeated for about as long as a peer's warm loops."""
        plain, doubled, end = [], [], time.monotonic() + self.chosen.seconds
        epochs = WORKLOADS[name].epochs
        while not plain or (time.monotonic() < end and len(plain) < 50):
            plain.append(self.run_invar(name, threads))
            doubled.append(self.run_invar(name, threads, 2 * epochs))

        def middle(runs, key):
            return statistics.median(run[key] for run in runs)

        loop = statistics.median(sum(run["epochs"][epochs:]) for run in doubled)
        cpu = middle(doubled, "cpu") - middle(plain, "cpu") if loop > SHORT else None
        figures = {key: middle(plain, key) for key in ("whole", "memory", "loss")}
        self.add(name, threads, "invar", loop=loop, cpu=cpu, **figures, hash=plain[0]["hash"])
        return loop

    def peer_turn(self, name, threads, peer):
        library, option = PEERS[peer]
        program = HERE / WORKLOADS[name].kind / f"with_{library}.py"
        result = self.work / "peer.json"
        start, _, _, _ = self.run(threads, [
            self.chosen.env.resolve() / "bin" / "python", program, name, str(threads),
            str(self.chosen.seconds), result, *([option] if option else [])])
        told = json.loads(result.read_text())
        figures = {"loop": statistics.median(told["loops"]), "whole": told["saved"] - start,
                   "cpu": statistics.median(told["cpu"]), "memory": told["memory"],
                   "loss": told["loss"]}
        self.add(name, threads, peer, **figures)
        return figures["loop"]

    def peers_of(self, name):
        kind = HERE / WORKLOADS[name].kind
        return [peer for peer in self.chosen.peers if (kind / f"with_{PEERS[peer][0]}.py").exists()]

    def workload(self, name, threads):
        peers = self.quick_peers.get(name, self.peers_of(name))
        first = self.run_invar(name, threads)  # also brings it into the file cache
        turns = min(self.chosen.rounds, 2) if sum(first["epochs"]) > LONG else self.chosen.rounds

        def measure():
            loops = {"invar": self.invar_turn(name, threads)}
            return loops | {peer: self.peer_turn(name, threads, peer) for peer in peers}

        for turn in range(turns):
            loops = self.turn(f"  round {turn + 1} of {turns}: ", measure)
            least = min((loops[peer] for peer in peers), default=0)
            peers = [peer for peer in peers if loops[peer] <= SLOW * least]
        self.quick_peers[name] = peers

    def turn(self, text, measure):
        """What `measure` returns, seconds by program.  Where others were busy it measures again, and
        the rows of before are dropped; what they had of the machine is noted in the last rows."""
        before = len(self.rows)
        for trial in range(TRIES):
            del self.rows[before:]
            load = Load()
            loops = measure()
            others = load.others()
            say(text + ", ".join(f"{who} {report.seconds(loop)}" for who, loop in loops.items()) +
                f"; others had {others:.0%} of the machine")
            if others <= BUSY or self.chosen.busy or not self.chosen.docs:
                break
        for row in self.rows[before:]:
            row["others"] = others
        self.others = max(self.others, others)
        return loops

    def compile(self, layers):
        """invar emit and invar build of so many equal layers, each on one processor."""
        model = self.work / "layers.inv"
        model.write_text(LAYERED.replace("LAYERS", "  h = h -> dense(16) -> relu\n" * layers))

        def measure():
            seconds = {}
            for program in ("emit", "build"):
                _, whole, cpu, memory = self.run(1, [
                    self.chosen.build.resolve() / "bin" / "invar", program, model, "-o",
                    self.work / f"layers-{program}"])
                self.add(f"{COMPILE}{layers}", 1, program, loop=None, cpu=cpu, whole=whole,
                         memory=memory, loss=None)
                seconds[f"invar {program}"] = whole
            return seconds

        for turn in range(self.chosen.rounds):
            self.turn(f"  round {turn + 1} of {self.chosen.rounds}: {layers} layers, ", measure)

    def epochs(self, name):
        """Seconds of each of an Invar run's first epochs, the least of several runs: what a busy
        machine adds to one of them counts for nothing.  A virtual one is slower for seconds at a
        time: while an epoch seems slower than the first there are more runs, and what is slower in
        all of them stays so."""
        runs, least, begin = [], [], time.monotonic()
        count = 5 if self.chosen.quick else EPOCHS
        patience = 0 if self.chosen.quick else PATIENCE

        def wanted():
            passed = time.monotonic() - begin
            slower = report.slowest(least) > report.STEADY
            return passed < 5 * self.chosen.seconds or (slower and passed < patience)

        while len(runs) < self.chosen.rounds or (wanted() and len(runs) < 50):
            runs.append(self.run_invar(name, 1, count)["epochs"])
            least = [min(seconds) for seconds in zip(*runs)]
        say(f"{name}: slowest epoch of 2 to {count} beside the first, runs: {len(runs)}: "
            f"{report.slowest(least):.2f}")
        return least

    def facts(self, name):
        """What the plan says: FLOPs of a step, bytes of the arena and of the data in memory."""
        plan = subprocess.run([self.chosen.build / "bin" / "invar", "plan",
                               ROOT / WORKLOADS[name].model], capture_output=True, text=True).stdout
        batch = int(re.search(r" at batch (\d+)", plan)[1])
        row = sum(int(size) for size in re.findall(r"^  (?:input|label) +\d+ +(\d+)", plan, re.M))
        rows = self.run_invar(name, 1, epochs=1)["rows"]
        program = self.run(1, [self.work / name, "--version"])[3]
        return {"flops": int(re.search(r"phase train: (\d+)", plan)[1]),
                "arena": int(re.search(r"^arena (\d+)", plan, re.M)[1]),
                "data": row // batch * rows, "program": program}

    def contraction(self, threads, level, limits):
        """The text of bench/contractions, with settings of the libraries."""
        environment = plain_environment()
        environment.update(THREADS=str(threads), INVAR_ISA=level,
                           ROUNDS="1" if self.chosen.quick else "5")
        settings = [f"{name}={value}" for name, value in limits.items()]
        os.sched_setaffinity(0, self.processors[:threads])
        command = [HERE / "contractions", self.chosen.build, self.chosen.env, *settings]
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        os.sched_setaffinity(0, self.processors)
        if done.returncode != 0:
            stop(f"bench/contractions failed:\n{done.stderr[-3000:]}")
        return {"threads": threads, "level": level, "limited": bool(limits), "text": done.stdout}


def plain_environment():
    return {name: text for name, text in os.environ.items() if not name.startswith(FOREIGN)}


def cpu_flags():
    found = re.search(r"^flags\s*:(.*)", Path("/proc/cpuinfo").read_text(), re.M)
    return set(found[1].split()) if found else set()


def contractions(runner):
    """Every library as it comes; where that is with AVX-512, also Invar's level avx2 beside
    libraries held to AVX2."""
    if not runner.chosen.peers or CONTRACTION not in runner.chosen.only:
        return []
    kinds = [("avx2", {})]
    if "avx512f" in cpu_flags():
        avx2 = {"OPENBLAS_CORETYPE": "Haswell", "MKL_ENABLE_INSTRUCTIONS": "AVX2"}
        kinds = [("avx512", {}), ("avx2", avx2)]
    tables = []
    for threads in runner.chosen.threads:
        for level, limits in kinds:
            say(f"contraction, threads: {threads}, level {level}")
            tables.append(runner.contraction(threads, level, limits))
    return tables


def cache_bytes():
    """Of the last level; 0 where Linux does not tell."""
    sizes = Path("/sys/devices/system/cpu/cpu0/cache").glob("index*/size")
    return max((int(size.read_text().strip().rstrip("K")) * 1024 for size in sizes), default=0)


def versions(chosen):
    if not chosen.peers:
        return {}
    names = [m for m in modules(chosen) if m != "keras"] + ["keras", "jaxlib", "tensorflow-cpu"]
    probe = ("import importlib.metadata as m, json, sys\ndef v(n):\n try: return m.version(n)\n"
             " except Exception: return None\n"
             "print(json.dumps({n: v(n) for n in sys.argv[1:]}))")
    done = subprocess.run([chosen.env / "bin" / "python", "-c", probe, *names], capture_output=True,
                          text=True, check=True)
    return {name: text for name, text in json.loads(done.stdout).items() if text}


def machine(chosen):
    load = Load()
    time.sleep(2)
    processor = pages.Processor(cpu_flags())
    memory = int(re.search(r"MemTotal: +(\d+)", Path("/proc/meminfo").read_text())[1])
    gcc = subprocess.run(["gcc", "-dumpfullversion"], capture_output=True, text=True).stdout.strip()
    invar = subprocess.run([chosen.build / "bin" / "invar", "--version"], capture_output=True,
                           text=True).stdout.split("\n")[0]
    return {"cpu": processor.model, "title": processor.title, "name": processor.name,
            "processors": len(os.sched_getaffinity(0)), "memory": memory * 1024,
            "vectors": processor.vectors,
            "kernel": platform.release(), "gcc": gcc, "invar": invar,
            "date": time.strftime("%Y-%m-%d"), "busy": load.others(), "versions": versions(chosen)}


def ceilings(work):
    program = compile_helper(work, "ceilings", "-O3", "-march=native", "-ffp-contract=fast")
    processors = os.sched_getaffinity(0)
    os.sched_setaffinity(0, [min(processors)])
    text = subprocess.run([program], capture_output=True, text=True)
    os.sched_setaffinity(0, processors)
    flops, bandwidth, lasting = text.stdout.split()
    return {"flops": float(flops), "lasting": float(lasting), "bytes": float(bandwidth),
            "cache": cache_bytes()}


def check_hashes(rows):
    for name in WORKLOADS:
        hashes = {row["hash"] for row in rows if row["workload"] == name and "hash" in row}
        if len(hashes) > 1:
            stop(f"{name}: not the same weights in every run: {hashes}; that is a bug of Invar")


def write_runs(path, rows):
    fields = ["workload", "threads", "program", "loop", "cpu", "whole", "memory", "loss", "hash",
              "others"]
    with open(path, "w", newline="") as out:
        writer = csv.DictWriter(out, fields, lineterminator="\n")
        writer.writeheader()
        for row in rows:
            writer.writerow({key: f"{value:.6g}" if isinstance(value, float) else value
                             for key, value in row.items()})


def main():
    chosen = options()
    install_peers(chosen)
    with tempfile.TemporaryDirectory(prefix="invar-bench-") as work:
        compare(chosen, Path(work))


def compare(chosen, work):
    began = time.monotonic()
    runner = Runner(chosen, work)
    facts = {"machine": machine(chosen), "ceilings": ceilings(work), "epochs": {}}
    refuse_busy(chosen, facts["machine"]["busy"], "before the start")
    names = [name for name in WORKLOADS if name in chosen.only]
    for name in names:
        runner.trainer(name)
    facts["plans"] = {name: runner.facts(name) for name in names}
    for threads in chosen.threads:
        for name in names:
            say(f"{name}, threads: {threads}")
            runner.workload(name, threads)
    check_hashes(runner.rows)
    for name in names:
        facts["epochs"][name] = runner.epochs(name)
    if COMPILE.strip() in chosen.only:
        for layers in LAYERS[:2] if chosen.quick else LAYERS:
            runner.compile(layers)
    facts["contractions"] = contractions(runner)
    facts["minutes"] = (time.monotonic() - began) / 60
    facts["others"] = runner.others
    publish(chosen, facts, runner)


def refuse_busy(chosen, others, when):
    """No page says what a busy machine did, unless it is asked for."""
    if others <= BUSY:
        return
    text = f"others kept {others:.0%} of this machine busy {when}; figures of now compare little"
    if chosen.docs and not chosen.busy:
        stop(f"{text}, and no page was written: wait until it is quiet, or give --busy")
    say(f"warning: {text}")


def publish(chosen, facts, runner):
    page = report.page(facts, runner.rows, chosen.rounds)
    if not chosen.docs or (runner.others > BUSY and not chosen.busy):
        print("\n" + page)
        refuse_busy(chosen, runner.others, "in a turn")
        return
    path = chosen.docs / "benchmarks" / f"{facts['machine']['name']}.md"
    path.parent.mkdir(exist_ok=True)
    path.write_text(page)
    write_runs(path.with_suffix(".csv"), runner.rows)
    pages.write_overview(chosen.docs)
    say(f"wrote {path}, {path.with_suffix('.csv').name} and benchmarks.md after "
        f"{facts['minutes']:.1f} minutes")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
