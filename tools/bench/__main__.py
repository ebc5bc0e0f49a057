"""`make bench`: every measurement, its table printed, and with --write put into docs/benchmarks.md."""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import tempfile
from pathlib import Path

from tools.bench import arrays, backlog, submits
from tools.bench.report import Row, table

_PAGE = Path("docs/benchmarks.md")
_MARKS = ("<!-- figures -->", "<!-- end of figures -->")
_PARTS = {"arrays": arrays.measure, "submits": submits.measure, "backlog": backlog.measure}


async def _measure(names: list[str], quick: bool, folder: Path) -> list[Row]:
    rows: list[Row] = []
    for name in names:
        part = await _PARTS[name](folder / name, quick)
        rows += part
        print(table(part), flush=True)
    return rows


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*_PARTS, []], help="which measurements; all without any")
    parser.add_argument("--quick", action="store_true", help="a tenth of the work: to see that it runs")
    parser.add_argument("--write", action="store_true", help="put the table into docs/benchmarks.md")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="batchyard-bench-") as folder:
        Path(folder).chmod(0o755)
        rows = asyncio.run(_measure(chosen.parts or list(_PARTS), chosen.quick, Path(folder)))
    if chosen.write:
        before, _, rest = _PAGE.read_text().partition(_MARKS[0])
        after = rest.partition(_MARKS[1])[2]
        machine = f"{os.cpu_count()} cores, Linux {platform.release()}, Python {platform.python_version()}"
        _PAGE.write_text(f"{before}{_MARKS[0]}\nMeasured on {machine}.\n\n{table(rows)}\n{_MARKS[1]}{after}")


if __name__ == "__main__":
    main()
