"""From samples to the table: medians over the rounds, each beside nginx's of the same run.

A p99 is the lowest quartile over the rounds: what lies above it on a machine with neighbours is theirs.
"""
import statistics

BEGIN, END = "<!-- benches/compare: begin -->", "<!-- benches/compare: end -->"
BASE = "nginx"


def of(samples, name, test, member):
    return [one[member] for one in samples if one["name"] == name and one["test"] == test]


def ratio(value, base):
    return f"{value / base:.2f}" if base else "–"


def quartile(values):
    return sorted(values)[len(values) // 4]


def columns(samples, rate):
    """Titles, and what each cell holds for a contender."""
    def median(name, test, member):
        found = of(samples, name, test, member)
        return statistics.median(found) if found else None

    def times(test, member="cpu_us"):
        return lambda name: ratio(median(name, test, member), median(BASE, test, member))

    def plain(test, member, form):
        return lambda name: form.format(median(name, test, member))

    tests = {one["test"] for one in samples}
    for test, title, cell in [
        ("closed", "CPU µs, 1 KiB", plain("closed", "cpu_us", "{:.1f}")),
        ("closed", "× nginx", times("closed")),
        ("closed", "requests per second on one core", plain("closed", "rate", "{:,.0f}")),
        ("256k", "256 KiB × nginx", times("256k")),
        ("h2", "HTTP/2 × nginx", times("h2")),
        ("tls", "TLS × nginx", times("tls")),
        ("fixed", f"p50 / p99 µs at {rate:,}/s", lambda name: " / ".join(
            f"{quartile(of(samples, name, 'fixed', member)):,.0f}" for member in ("p50", "p99"))),
        ("memory", "MiB idle / after load", lambda name: " / ".join(
            f"{median(name, 'memory', member):.0f}" for member in ("idle", "after"))),
        ("memory", "KiB per idle connection", plain("memory", "connection", "{:.1f}")),
    ]:
        if test in tests:
            yield test, title, cell


def table(run, samples):
    """The table of a run, as it stands in a page."""
    names = list(dict.fromkeys(one["name"] for one in samples))
    first = next((one["test"] for one in samples if "cpu_us" in one), None)
    names.sort(key=lambda name: statistics.median(of(samples, name, first, "cpu_us")) if first else 0)
    shown = list(columns(samples, run["rate"]))
    rows = [["contender"] + [title for _, title, _ in shown], ["---"] * (len(shown) + 1)]
    for name in names:
        cells = [cell(name) if any(of(samples, name, test, "test")) else "–" for test, _, cell in shown]
        rows.append([run["titles"][name], *cells])
    others = [one["others"] for one in samples if "others" in one]
    rounds = "1 round" if run["rounds"] == 1 else f"{run['rounds']} interleaved rounds"
    told = f"{rounds} of {run['seconds']} s, {run['keys']:,} keys, {run['machine']}, {run['day']}"
    told += f"; other work on the machine: median {statistics.median(others):.2f}, at most {max(others):.2f} of a CPU." if others else "."
    return "\n".join([told, "", *("| " + " | ".join(row) + " |" for row in rows)])


def written(page, text):
    """The page with the table between its marks."""
    before, rest = page.split(BEGIN)
    after = rest.split(END)[1]
    return f"{before}{BEGIN}\n{text}\n{END}{after}"
