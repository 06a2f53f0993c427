"""The page of results: Markdown from the figures of side_by_side.py."""
import math
import statistics

from workloads import COMPILE, LONG, WORKLOADS

FRAMEWORKS = ("pytorch", "tensorflow", "keras")
FAR_OFF = 0.05  # a loss that differs by such a share from Invar's is that of another model


def seconds(value):
    if value is None:
        return "-"
    if value < 0.001:
        return f"{value * 1e6:.0f} µs"
    return f"{value * 1e3:.3g} ms" if value < 1 else f"{value:.3g} s"


def megabytes(value):
    return f"{value / 1e6:.1f}" if value < 1e8 else f"{value / 1e6:.0f}"


def times(value):
    return f"{value:.2f}" if value < 9.95 else f"{value:.0f}"


def table(head, rows):
    """The first column is text, the others are figures."""
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


def medians(rows):
    """{(workload, threads): {program: figures}} in the order measured."""
    result = {}
    for row in rows:
        if row["workload"] not in WORKLOADS:
            continue
        programs = result.setdefault((row["workload"], row["threads"]), {})
        programs.setdefault(row["program"], []).append(row)
    for programs in result.values():
        for program, runs in programs.items():
            figures = {"turns": len(runs)}
            for key in ("loop", "whole", "cpu", "memory", "loss"):
                values = [run[key] for run in runs if run[key] is not None]
                figures[key] = statistics.median(values) if values else None
            programs[program] = figures
    return result


def best_peer(programs, key="loop"):
    peers = [name for name in programs if name != "invar"]
    return min(peers, key=lambda name: programs[name][key], default=None)


def geometric_mean(values):
    return math.exp(sum(map(math.log, values)) / len(values))


def summary(result):
    head = ["workload, threads", "Invar's loop", "best peer's loop", "times faster",
            "whole process", "PyTorch's", "TensorFlow's", "Keras's", "peak memory", "PyTorch's"]
    rows = []
    for (name, threads), programs in result.items():
        own, best = programs["invar"], best_peer(programs)

        def ratio(key, peer):
            return times(programs[peer][key] / own[key]) if peer in programs else "-"

        rows.append([f"{name}, {threads}", seconds(own["loop"]),
                     f"{seconds(programs[best]['loop'])} ({best})" if best else "-",
                     ratio("loop", best), seconds(own["whole"]),
                     *(ratio("whole", peer) for peer in FRAMEWORKS),
                     megabytes(own["memory"]) + " MB", ratio("memory", "pytorch")])
    return table(head, rows)


def judge(text, value, aim, at_most=False):
    met = value <= aim if at_most else value >= aim
    return (f"- {text}: {times(value)}, aim {'at most ' if at_most else ''}{aim}: "
            f"{'met' if met else 'missed'}\n")


STEADY = 1.05  # an epoch beside the first


def slowest(epochs):
    return max(epochs[1:]) / epochs[0]


def steadiness(epochs):
    """{workload: seconds of each epoch}: none takes longer than the first, whatever the numbers
    have become."""
    return "".join(judge(f"{name}'s slowest epoch of 2 to {len(seconds)} beside its first",
                         slowest(seconds), STEADY, at_most=True)
                   for name, seconds in epochs.items())


def aims(result, plans):
    """Those of CPU training (issue 5 of the project), and which this run meets."""
    ratios = {place: programs[best_peer(programs)]["loop"] / programs["invar"]["loop"]
              for place, programs in result.items() if best_peer(programs)}
    text = ""
    if ratios:
        place = min(ratios, key=ratios.get)
        text += judge(f"least lead over the best peer ({place[0]}, threads: {place[1]})",
                      ratios[place], 1)
    for threads in sorted({place[1] for place in ratios}):
        dense = [ratios.get((name, threads)) for name in ("mlp", "mlp_wide", "tabular")]
        if None not in dense:
            text += judge("geometric mean of mlp, mlp_wide and tabular beside the best peer, "
                          f"threads: {threads}", geometric_mean(dense), 1.5)
    for (name, threads), ratio in ratios.items():
        if name in ("seeded_mlp", "binary"):
            text += small_aims(name, threads, ratio, result[name, threads])
    if ("mlp_wide", 1) in result and ("mlp_wide", 2) in result:
        one, two = (result["mlp_wide", threads]["invar"]["loop"] for threads in (1, 2))
        text += judge("mlp_wide with 2 threads beside 1", one / two, 1.7)
    memory = {place: programs["invar"]["memory"] / wanted_memory(plans[place[0]])
              for place, programs in result.items()}
    place = max(memory, key=memory.get)
    return text + judge(f"most peak memory over plan, data and the program itself ({place[0]}, "
                        f"threads: {place[1]})", memory[place], 1.15, at_most=True)


def small_aims(name, threads, ratio, programs):
    text = judge(f"{name}'s warm loop beside the best peer's, threads: {threads}", ratio, 4)
    for key, aim, what, peers in (("whole", 100, "whole process", FRAMEWORKS),
                                  ("memory", 10, "peak memory", FRAMEWORKS[:1])):
        values = {peer: programs[peer][key] for peer in peers if peer in programs}
        if values:
            least = min(values, key=values.get)
            text += judge(f"{name}'s {what} beside {least}'s, threads: {threads}",
                          values[least] / programs["invar"][key], aim)
    return text


def wanted_memory(plan):
    return plan["arena"] + plan["data"] + plan["program"]


def memory_note(peak, plan):
    return (f"Invar: plan {megabytes(plan['arena'])} MB, data {megabytes(plan['data'])} MB, the "
            f"program itself and libc {megabytes(plan['program'])} MB; the peak is "
            f"{peak / wanted_memory(plan):.2f} of their sum.\n")


def details(result, plans):
    text = ""
    for (name, threads), programs in result.items():
        own, rows = programs["invar"], []
        for program, f in programs.items():
            far = abs(f["loss"] - own["loss"]) > FAR_OFF * abs(own["loss"])
            rows.append([program, seconds(f["loop"]), seconds(f["cpu"]), seconds(f["whole"]),
                         megabytes(f["memory"]), times(f["loop"] / own["loop"]),
                         times(f["whole"] / own["whole"]), times(f["memory"] / own["memory"]),
                         f"{f['loss']:.4f}" + (" (other work?)" if far else ""), str(f["turns"])])
        text += f"\n### {name}, {threads} thread{'s' if threads > 1 else ''}\n\n"
        text += table(["program", "warm loop", "its CPU", "whole process", "peak MB",
                       "loop / Invar's", "process / Invar's", "memory / Invar's", "loss", "turns"],
                      rows)
        text += "\n" + memory_note(own["memory"], plans[name])
    return text


def roofline(result, plans, ceilings):
    head = ["workload", "FLOPs a step", "steps", "plan", "at the fma ceiling",
            "at memory's", "Invar, 1 thread", "share of the fma ceiling"]
    rows = []
    for name, plan in plans.items():
        if (name, 1) not in result:
            continue
        work, loop = WORKLOADS[name], result[name, 1]["invar"]["loop"]
        # The last batch of an epoch may be smaller: FLOPs go by rows.
        flops = plan["flops"] * work.epochs * work.rows / work.batch
        memory = None
        if plan["arena"] > ceilings["cache"]:
            memory = work.step_bytes * work.steps / ceilings["bytes"]
        rows.append([name, f"{plan['flops']:.3g}", str(work.steps),
                     megabytes(plan["arena"]) + " MB", seconds(flops / ceilings["flops"]),
                     seconds(memory), seconds(loop), f"{flops / ceilings['flops'] / loop:.2f}"])
    return table(head, rows)


def parse_contractions(table_of_run):
    """{shape: {column: GFLOP/s}} of the text of bench/contractions, whose first line names the
    columns; the first five are where the shape occurs, m, n, k and which operands are turned."""
    lines = [line for line in table_of_run["text"].split("\n") if line.strip()]
    names, result = lines[0][14:].split()[3:], {}
    for line in lines[1:]:
        figures = line[14:].split()
        if len(figures) == 4 + len(names):
            shape = (line[:14].strip(), *figures[:4])
            result[shape] = dict(zip(names, map(float, figures[4:])))
    return result


def merge_contractions(tables):
    """Of one number of threads: names of the columns of speeds, of those of ratios, {shape:
    {column: figure}}.  A ratio compares within one run, Invar's level to the best peer there."""
    columns, ratios, shapes = [], [], {}
    for run in tables:
        held = " AVX2" if run["limited"] else ""
        own = {"invar": f"invar {run['level']}", "ratio": f"{run['level']} ratio"}
        for shape, figures in parse_contractions(run).items():
            shapes.setdefault(shape, {}).update(
                (own.get(name, name + held), figure) for name, figure in figures.items())
        ratios.append(own["ratio"])
    for name in next(iter(shapes.values())):
        if name not in ratios:
            columns.append(name)
    return columns, ratios, shapes


def contraction_aims(tables):
    lines = ""
    for threads in sorted({run["threads"] for run in tables}):
        _, ratios, shapes = merge_contractions([run for run in tables if run["threads"] == threads])
        for ratio in ratios:
            values = [figures[ratio] for figures in shapes.values()]
            mean, least = geometric_mean(values), min(values)
            where = min(shapes, key=lambda shape: shapes[shape][ratio])
            lines += (f"- level {ratio.split()[0]}, threads: {threads}: geometric mean {mean:.2f}, "
                      f"aim 1: {'met' if mean >= 1 else 'missed'}; "
                      f"least {least:.2f} ({' '.join(where)}), aim 0.85: "
                      f"{'met' if least >= 0.85 else 'missed'}\n")
    return lines


def contraction_details(tables):
    text = ""
    for threads in sorted({run["threads"] for run in tables}):
        columns, ratios, shapes = merge_contractions(
            [run for run in tables if run["threads"] == threads])
        text += f"\n### Contractions, {threads} thread{'s' if threads > 1 else ''}\n\n"
        text += table(["GFLOP/s", "m", "n", "k", "", *columns, *ratios],
                      [[*shape, *(f"{figures[name]:.1f}" for name in columns),
                        *(f"{figures[name]:.2f}" for name in ratios)]
                       for shape, figures in shapes.items()])
    return text


def compiling(rows):
    """Of models of so many layers: seconds until sources are there, until the trainer is, and of the
    processor that the C compiler takes (the difference of two runs: of whole seconds it would be
    what disturbs one of them, too)."""
    by_size = {}
    for row in rows:
        if row["workload"].startswith(COMPILE):
            by_size.setdefault(row["workload"], {}).setdefault(row["program"], []).append(row)
    lines = []
    for workload, runs in by_size.items():
        emit, build = ({of: statistics.median(run[of] for run in runs[program])
                        for of in ("whole", "cpu")} for program in ("emit", "build"))
        memory = statistics.median(run["memory"] for run in runs["emit"])
        lines.append([workload.removeprefix(COMPILE), seconds(emit["whole"]),
                      seconds(build["cpu"] - emit["cpu"]), seconds(build["whole"]),
                      megabytes(memory) + " MB"])
    return table(["layers", "invar emit", "C compiler", "invar build", "invar emit's memory"], lines)


def programs(machine, rounds, others):
    long = f" (2 where Invar's loop takes over {LONG} s)" if rounds > 2 else ""
    found = ", ".join(f"{name} {text}" for name, text in machine["versions"].items())
    return f"""\
- **Machine:** {machine['cpu']}, {machine['processors']} processors, {machine['vectors']},
  {machine['memory'] / 2 ** 30:.0f} GiB, Linux {machine['kernel']}; before the start others kept
  {machine['busy']:.0%} of it busy, in the busiest turn {others:.0%}.
- **Programs:** {machine['invar']} with gcc {machine['gcc']};
  {found or 'no peers'}.
- **Turns:** {rounds}{long}, the programs one after the other in each; every figure is
  the median.
"""


def page(facts, rows, rounds):
    result, ceilings = medians(rows), facts["ceilings"]
    text = f"""# Benchmarks: {facts['machine']['title']}

Written by `scripts/bench` on {facts['machine']['date']} in {facts['minutes']:.0f} minutes; every
single run is in the CSV file beside this page.

{programs(facts['machine'], rounds, facts['others'])}
What is measured, and other processors beside this one: [benchmarks.md](../benchmarks.md).
"""
    if result:
        text += f"""
## Invar and the best peer

{summary(result)}
The last columns after a figure of Invar's: how many times as much the peers take.

{aims(result, facts['plans'])}{steadiness(facts['epochs'])}"""
    if facts["contractions"]:
        text += f"""
## Contractions

Invar's GFLOP/s over the better of OpenBLAS (NumPy's) and MKL, each with the kernels that it chooses
itself, for the shapes listed below. Where the CPU has AVX-512 (level avx512), level avx2 stands
beside both held to AVX2.

{contraction_aims(facts['contractions'])}"""
    if any(row["workload"].startswith(COMPILE) for row in rows):
        text += f"""
## Compiling

Models of equal dense layers, one a line of the model file, on one processor: until the sources are
written, and until the trainer is, which holds all levels of instructions.

{compiling(rows)}"""
    if result:
        text += f"""
## Rooflines

One core does at most {ceilings['flops'] / 1e9:.0f} GFLOP/s of fma in registers, \
{ceilings['lasting'] / 1e9:.0f} over half a second, and {ceilings['bytes'] / 1e9:.1f} GB/s of `y = a x + y`
in memory (`bench/ceilings.c`). Memory's bound is given where the plan is larger than the last
cache ({ceilings['cache'] / 2 ** 20:.0f} MiB).

{roofline(result, facts['plans'], ceilings)}
Where the rest goes, and what was tried, is in `docs/speed.md`.

## Each workload
{details(result, facts['plans'])}"""
    if facts["contractions"]:
        text += f"""
## Each contraction

T: that operand is stored turned. One thread is timed by its CPU clock.
{contraction_details(facts['contractions'])}"""
    return text
