"""ranks.py [--straggler MS] INVAR MODEL RANKS...: simulates the exchange of a step among ranks, message by
message, and compares the time with what `invar plan --ranks` computes: owners (runtime/host/exchange.h),
a ring allreduce, and a binary tree that adds up and sends back.

A rank has one link out and one link in, each of which carries one message at a time: a message occupies
both ends for latency + bytes / bandwidth, and is sent when both are free, in the order in which the
sender's turn comes. A straggler, rank 0, begins so much later than the others.
Exit status 1 where simulation and formula are more than 10% apart (without a straggler).
"""
import argparse
import heapq
import math
import re
import subprocess
import sys

BANDWIDTH, LATENCY = 1.25e9, 20e-6  # 10 Gbit/s Ethernet; those of `invar plan`


class Links:
    """Messages as events; `then` is called with the time at which one has arrived."""

    def __init__(self, ranks):
        self.out, self.into = [0.0] * ranks, [0.0] * ranks
        self.events, self.number = [], 0

    def at(self, time, act):
        self.number += 1
        heapq.heappush(self.events, (time, self.number, act))

    def send(self, time, rank, to, size, then):
        """From `time` on, as soon as both ends are free."""
        begin = max(time, self.out[rank], self.into[to])
        if begin > time:
            self.at(begin, lambda now: self.send(now, rank, to, size, then))
            return
        end = begin + LATENCY + size / BANDWIDTH
        self.out[rank] = self.into[to] = end
        self.at(end, then)

    def run(self):
        last = 0.0
        while self.events:
            last, _, act = heapq.heappop(self.events)
            act(last)
        return last


def begin_of(rank, late):
    return late if rank == 0 else 0.0


def send_list(links, time, rank, messages, then, number=0):
    """One message after the other; then `then`, with the time at which the last was sent."""
    if number == len(messages):
        then(time)
        return
    to, size, arrived = messages[number]

    def sent(now):
        arrived(now)
        send_list(links, now, rank, messages, then, number + 1)
    links.send(time, rank, to, size, sent)


def owners(ranks, size, partial, late):
    """Each rank sends each of its partial sums' chunks to their owners; who has all of its own finishes
    them, and sends them to all."""
    links, chunk, waiting = Links(ranks), size / ranks, [0] * ranks
    total = sum(partial)
    ready = [0.0] * ranks

    def others(rank):
        return [(rank + d) % ranks for d in range(1, ranks)]

    def finished(rank, now):
        waiting[rank] -= 1
        ready[rank] = max(ready[rank], now)
        if waiting[rank] == 0:
            send_list(links, ready[rank], rank, [(to, chunk, lambda now: None) for to in others(rank)],
                      lambda now: None)

    for rank in range(ranks):
        waiting[rank] = total - partial[rank] + 1  # what comes, and the end of what it sends

    for rank in range(ranks):
        messages = [(to, chunk, lambda now, to=to: finished(to, now))
                    for _ in range(partial[rank]) for to in others(rank)]
        links.at(begin_of(rank, late), lambda now, rank=rank, messages=messages: send_list(
            links, now, rank, messages, lambda now: finished(rank, now)))
    return links.run()


def ring(ranks, size, late):
    """2 (R - 1) turns in which each rank sends 1/R to the next one: its n-th when it has the n-th of the
    one before."""
    links, turns = Links(ranks), 2 * (ranks - 1)

    def turn(rank, number, now):
        if number < turns:
            to = (rank + 1) % ranks
            links.send(now, rank, to, size / ranks, lambda now: arrived(to, number, now))

    free, have = [begin_of(rank, late) for rank in range(ranks)], [0] * ranks

    def arrived(rank, number, now):
        have[rank] = number + 1
        turn(rank, number + 1, max(now, free[rank]))
    for rank in range(ranks):
        links.at(free[rank], lambda now, rank=rank: turn(rank, 0, now))
    return links.run()


def tree(ranks, size, late):
    """All of it, to the rank 2^l below in turn l, and back."""
    links, levels = Links(ranks), math.ceil(math.log2(ranks))
    missing = [sum(1 for l in range(levels) if rank % (2 << l) == 0 and rank + (1 << l) < ranks)
               for rank in range(ranks)]
    depth = [next((l for l in range(levels) if rank % (2 << l)), levels) for rank in range(ranks)]

    def down(rank, now):
        send_list(links, now, rank, [(rank + (1 << l), size, lambda now, to=rank + (1 << l): down(to, now))
                                     for l in reversed(range(depth[rank])) if rank + (1 << l) < ranks],
                  lambda now: None)

    def complete(rank, now):
        if rank == 0:
            down(0, now)
        else:
            to = rank - (1 << depth[rank])
            links.send(now, rank, to, size, lambda now: got(to, now))

    def got(rank, now):
        missing[rank] -= 1
        if missing[rank] == 0:
            complete(rank, now)

    for rank in range(ranks):
        if missing[rank] == 0:
            links.at(begin_of(rank, late), lambda now, rank=rank: complete(rank, now))
        elif rank == 0 and late:
            missing[0] += 1
            links.at(late, lambda now: got(0, now))
    return links.run()


def plan_of(invar, model, ranks):
    """Bytes of the sums, partial sums of each rank, and the three times in milliseconds."""
    text = subprocess.run([invar, "plan", model, "--ranks", str(ranks)], check=True,
                          capture_output=True, text=True).stdout
    partial = []
    for row in re.finditer(r"^ +(\d+)(?:-(\d+))? +\d+ +(\d+)(?: +\d+){3}$", text, re.M):
        partial += [int(row[3])] * (int(row[2] or row[1]) - int(row[1]) + 1)
    times = {name: float(re.search(rf"^{line}.* ([\d.]+) ms", text, re.M)[1])
             for name, line in (("owners", "the exchange of a step:"), ("ring", "a ring"),
                                ("tree", "a tree"))}
    return int(re.search(r"^sums of a step: (\d+)", text, re.M)[1]), partial, times


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--straggler", type=float, default=0, metavar="MS", help="how much later rank 0 begins")
    parser.add_argument("invar")
    parser.add_argument("model")
    parser.add_argument("ranks", type=int, nargs="+")
    given = parser.parse_args()
    late, good = given.straggler / 1e3, True
    print(f"{'ranks':>6} {'':8} {'formula, ms':>12} {'simulated, ms':>14} {'ratio':>6}")
    for ranks in given.ranks:
        size, partial, times = plan_of(given.invar, given.model, ranks)
        for name, run in (("owners", lambda: owners(ranks, size, partial, late)),
                          ("ring", lambda: ring(ranks, size, late)),
                          ("tree", lambda: tree(ranks, size, late))):
            formula, simulated = times[name], 1e3 * run()
            print(f"{ranks:6} {name:8} {formula:12.3f} {simulated:14.3f} {simulated / formula:6.3f}")
            good &= late > 0 or 0.9 < simulated / formula < 1.1
    sys.exit(not good)


main()
