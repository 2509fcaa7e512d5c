#!/usr/bin/env python3
"""The table of the comparison, as Markdown.

    python3 benches/peers/report.py RESULTS.jsonl

For each task: the least time of this crate and of each other system over all rounds, and the ratio to the
fastest of the others. A fit counts only if it is within a relative distance of 1e-9 of the optimum. Needs the
standard library only.
"""

import json
import sys

SOLVED = 1e-9


def time(seconds):
    for size, unit in ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs")):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-9:.3g} ns"


def quality(line):
    """What shows that the work was the same."""
    parts = []
    if "iterations" in line:
        parts.append(f"{line['iterations']} iterations")
    if "accuracy" in line:
        parts.append(f"{100 * line['accuracy']:.1f} % right")
    if "error" in line:
        parts.append(f"error {line['error']:.3g}")
    if line.get("memory") and line["task"] == "T8":
        parts.append(f"memory {line['memory']:.2f} X")
    return f" ({', '.join(parts)})" if parts else ""


def main():
    best = {}
    with open(sys.argv[1]) as file:
        for line in map(json.loads, file):
            key = line["task"], line["system"]
            solved = line.get("gap", 0.0) <= SOLVED
            if solved and (key not in best or line["seconds"] < best[key]["seconds"]):
                best[key] = line
    tasks = list(dict.fromkeys(task for task, _ in best))
    print("| task | logit | others, fastest first | ratio to the fastest |\n|---|---|---|---|")
    for task in tasks:
        lines = [line for (of, _), line in best.items() if of == task]
        lines.sort(key=lambda line: line["seconds"])
        own = [line for line in lines if line["system"].startswith("logit")]
        others = [line for line in lines if not line["system"].startswith("logit")]
        name = lambda line: line["system"].removeprefix("logit").strip()
        show = lambda line: f"{name(line)} {time(line['seconds'])}{quality(line)}".strip()
        ratio = f"{own[0]['seconds'] / others[0]['seconds']:.2g}" if own and others else "-"
        print(f"| {task} | {'; '.join(map(show, own))} | {'; '.join(map(show, others))} | {ratio} |")


main()
