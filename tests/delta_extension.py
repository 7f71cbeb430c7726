"""DuckDB's own Delta reader as it comes in a wheel: what `./snr sql --init` has others install, for
tests and benches without a network."""

from pathlib import Path

import duckdb_extension_delta


def delta_extension() -> Path:
    [path] = Path(duckdb_extension_delta.__path__[0]).rglob("delta.duckdb_extension")
    return path
