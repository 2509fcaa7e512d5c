#!/usr/bin/env python3
"""The performance profile, and a table of all problems, as Markdown.

    python3 benches/profile/report.py FILE.jsonl...

Each line of a file is a fit. The best known optimum of a problem is the smallest objective of all its lines.
A problem is solved by a fit that ends within a relative distance of 1e-9 of it. Of two lines with the same
problem and solver, the last counts. Solvers within 5 % of the best count as equal. Needs the standard library
only.
"""

import json
import math
import sys

SOLVED = 1e-9
FACTORS = (1.05, 1.5, 2, 4, 8, 16)


def read(paths):
    fits = {}
    for path in paths:
        with open(path) as file:
            for text in file:
                line = json.loads(text)
                prefix = "" if line["system"] == "logit" else f"{line['system']} "
                fits[line["problem"], prefix + line["solver"]] = line
    best = {}
    for (problem, _), line in fits.items():
        best[problem] = min(best.get(problem, math.inf), line.get("objective") or math.inf)
    for (problem, _), line in fits.items():
        found = line.get("objective")
        line["gap"] = math.inf if found is None else (found - best[problem]) / best[problem]
        line["solved"] = line.get("seconds") is not None and line["gap"] <= SOLVED
    return fits


def table(head, rows):
    print("| " + " | ".join(head) + " |")
    print("|" + "---|" * len(head))
    for row in rows:
        print("| " + " | ".join(row) + " |")
    print()


def milliseconds(seconds):
    return f"{1e3 * seconds:.3g}" if seconds < 1 else f"{1e3 * seconds:.0f}"


def cell(line):
    """Milliseconds and iterations; what went wrong in place of the time."""
    if line is None:
        return "-"
    if line["solved"]:
        return f"{milliseconds(line['seconds'])} ({line['iterations']})"
    if line.get("seconds") is None:
        return line["stop"] if line["stop"] != "Cancelled" else "too long"
    return f"gap {line['gap']:.0e}"


def profile(fits, problems, solvers, measure):
    """For each solver, the share of problems that it solves within factors of the best."""
    least = {}
    for problem in problems:
        lines = [fits[problem, solver] for solver in solvers if (problem, solver) in fits]
        least[problem] = min((line[measure] for line in lines if line["solved"]), default=math.inf)
    rows = []
    for solver in solvers:
        known = [(fits[p, solver], least[p]) for p in problems if (p, solver) in fits]
        share = lambda factor: sum(f["solved"] and f[measure] <= factor * l for f, l in known)
        shares = [f"{100 * share(factor) / len(problems):.0f}" for factor in (*FACTORS, math.inf)]
        ratios = [math.log(f[measure] / l) for f, l in known if f["solved"] and l > 0]
        typical = f"{math.exp(sum(ratios) / len(ratios)):.2f}" if ratios else "-"
        rows.append([solver, *shares, typical])
    return rows


def main():
    fits = read(sys.argv[1:])
    problems, solvers = {}, []
    for (problem, solver), line in fits.items():
        problems.setdefault(problem, line)
        if solver not in solvers:
            solvers.append(solver)
    own = [s for s in solvers if not s.startswith("scikit-learn")]
    head = ["solver", *(f"{factor:g}" for factor in FACTORS), "solved", "mean factor"]
    halves = [(f"half {half}", [p for p in problems if problems[p]["half"] == half]) for half in "AB"]
    for name, chosen in [*halves, ("all problems", list(problems))]:
        if not chosen:
            continue
        for measure, of in (("seconds", solvers), ("iterations", own)):
            print(f"## By {measure}, {name} ({len(chosen)})\n")
            print("Share of problems, in per cent, that are solved within these factors of the best.\n")
            table(head, profile(fits, chosen, of, measure))
    print("## All problems\n\nMilliseconds (iterations) until the problem is solved.\n")
    rows = []
    for problem, line in problems.items():
        size = f"{line['rows']} x {line['columns']} x {line['classes']}"
        c = "none" if line["c"] is None else f"{line['c']:g}"
        rows.append([problem, line["half"], size, c, *(cell(fits.get((problem, s))) for s in solvers)])
    table(["problem", "half", "rows x columns x classes", "C", *solvers], rows)


main()
