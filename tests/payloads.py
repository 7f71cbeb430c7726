"""Texts that try to read or write what they may not: statements, paths, and both in disguise."""

import hashlib
import random
from collections.abc import Iterator
from itertools import product
from pathlib import Path

from lake.places import Places

SEED = 17
COUNT, SOME = 500, 50
"""All, with `--long`; a seeded tenth in the quick run."""
CANARY = "yellow-canary-4711"
"""Stands in files that nobody may read."""

READING = (
    "SELECT * FROM read_csv('{}')", "FROM read_csv_auto('{}')", "FROM read_parquet('{}')",
    "SELECT content FROM read_text('{}')", "FROM read_blob('{}')", "FROM read_json_auto('{}')",
    "FROM delta_scan('{}')", "FROM parquet_metadata('{}')", "FROM sniff_csv('{}')",
    "FROM glob('{}')", "FROM '{}'", "FROM query('FROM read_text(''{}'')')",
    "FROM query_table('{}')", "FROM sqlite_scan('{}', 'people')", "FROM iceberg_scan('{}')",
    "SELECT (SELECT content FROM read_text('{}'))",
)  # fmt: skip
WRITING = (
    "ATTACH '{}' AS x", "ATTACH '{}' AS x (TYPE sqlite)", "COPY (SELECT 1) TO '{}'",
    "COPY bronze.bed_events TO '{}' (FORMAT parquet)", "EXPORT DATABASE '{}'",
    "IMPORT DATABASE '{}'", "INSTALL httpfs FROM '{}'", "LOAD '{}'",
    "SET allowed_directories=['{}']", "SET home_directory='{}'", "SET GLOBAL temp_directory='{}'",
    "PRAGMA database_list", "SET enable_external_access=true", "RESET lock_configuration",
    "CREATE TABLE x AS FROM read_text('{}')", "INSERT INTO bronze.bed_events FROM '{}'",
    "DELETE FROM bronze.bed_events", "UPDATE gold.bed_board SET note = '{}'",
    "DROP VIEW live_board", "CREATE OR REPLACE VIEW live_board AS FROM '{}'",
    "CREATE SECRET s (TYPE s3, KEY_ID '{}')", "CREATE MACRO f() AS TABLE FROM read_text('{}')",
    "CALL pragma_version()", "PREPARE p AS FROM read_text('{}')", "CHECKPOINT", "USE '{}'",
    "DETACH memory", "VACUUM", "BEGIN", "ALTER VIEW live_board RENAME TO x",
    "SELECT * FROM duckdb_secrets(which_secret='{}')",
)  # fmt: skip
AS = (
    "{}", "{};", "SELECT 1; {}", "{}; SELECT 1", "EXPLAIN {}", "EXPLAIN ANALYZE {}",
    "EXPLAIN (ANALYZE, FORMAT json) {}", "/* a */ {}", "-- a\n{}", "EXPLAIN /* a */ ANALYZE {}",
    "WITH a AS ({}) FROM a", "SELECT * FROM ({})", "'; {}; --", "' OR 1=1; {} --", "x') ; {} /*",
    '"; {} --', "1 UNION ALL {}", "$${}$$", "${{{}}}",
)  # fmt: skip
PATHS = (
    "{}",
    "../{}",
    "..%2f..%2f{}",
    "file://{}",
    "{}\x00.parquet",
    "..\\..\\{}",
    "%00{}",
    "//{}",
)


def payloads(places: Places, outside: Path, count: int) -> list[str]:
    """The same ones each time: each statement as it stands, about what it would be worst for, and
    others drawn from all."""
    chance = random.Random(SEED)  # noqa: S311 - no secret
    statements, files = [*READING, *WRITING], [*targets(places, outside)]
    lake = places.lake_url
    worst = [f"{lake}/new.parquet", f"{lake}/../secrets/chain_salt", str(outside)]
    chosen = [one.format(file) for one, file in product(statements, worst)]
    every = [as_.format(one.format(file)) for as_, one, file in product(AS, statements, files)]
    every += [path.format(file) for path, file in product(PATHS, files)]
    chosen += chance.sample(every, COUNT - len(chosen))
    chance.shuffle(chosen)
    return chosen[:count]


def targets(places: Places, outside: Path) -> Iterator[str]:
    """The lake's own files, those beside it, and others."""
    lake = Path(places.lake_url)
    yield from map(str, sorted(lake.rglob("*"))[:6])
    for secret in ("chain_salt", "people.sqlite"):
        yield str(places.home / "secrets" / secret)
        yield f"{lake}/../secrets/{secret}"
        yield f"{lake}/bronze/./../../secrets/{secret}"
        yield f"secrets/{secret}"
    yield from (str(outside), f"{outside.parent}/*", f"{lake}/../../{outside.name}")
    yield from (f"{lake}/new.parquet", f"{lake}/bronze/bed_events/**/*.parquet", f"{lake}")
    yield from (
        "/etc/passwd",
        "http://127.0.0.1:9/x",
        "s3://bucket/x",
        "",
        ":memory:",
        "live_board",
    )


def digests(folder: Path) -> dict[str, str]:
    """Of every file below, whatever it is."""
    return {
        str(one.relative_to(folder)): hashlib.sha256(one.read_bytes()).hexdigest()
        for one in sorted(folder.rglob("*"))
        if one.is_file()
    }
