-- What do the newest numbers of gold.ward_daily come from?
-- One row per table and version on the way back to the log, three steps at most: what a build carries
-- from before comes from what an earlier one carried. The stream records a run a minute at most, so a
-- version between two of its records is told by the later one.
-- step: 0 is gold.ward_daily, each further step one table closer to the log
-- table_name: the table
-- version: its Delta version
-- sources: what it was made from, as name@version
-- run_name: the run that wrote it; null: not a flow (the log is written by the booking API)
-- finished_at: when that run finished, wall time
-- from_on: first hospital date that it built; null: not by date
-- to_on: last hospital date that it built
-- seq_until: highest seq that it took in
-- out_count: rows out
WITH RECURSIVE newest AS (
    FROM gold.table_runs
    WHERE version_written IS NOT NULL
    QUALIFY row_number() OVER (
        PARTITION BY table_name, version_written ORDER BY finished_at DESC
    ) = 1
), runs AS (
    SELECT
        * EXCLUDE (sources),
        -- A run of the stream that names no sources read the log at version_read.
        CASE WHEN len(sources) = 0 AND version_read IS NOT NULL
            THEN ['bronze.bed_events@' || version_read] ELSE sources END AS sources,
        -- It tells of its version and of those since the run before it.
        coalesce(lag(version_written) OVER (
            PARTITION BY table_name ORDER BY version_written
        ), -1) AS version_before
    FROM newest
), steps AS (
    SELECT 0 AS step, table_name, max(version_written) AS version
    FROM runs
    WHERE table_name = 'gold.ward_daily'
    GROUP BY table_name
    UNION
    SELECT step + 1, split_part(source, '@', 1), split_part(source, '@', 2)::BIGINT
    FROM (
        SELECT step, unnest(runs.sources) AS source
        FROM steps
        JOIN runs
            ON steps.table_name = runs.table_name
            AND steps.version > runs.version_before
            AND steps.version <= runs.version_written
        WHERE step < 3
    )
)
SELECT
    step,
    steps.table_name,
    version,
    sources,
    run_name,
    finished_at,
    from_on,
    to_on,
    seq_until,
    out_count
FROM steps
LEFT JOIN runs
    ON steps.table_name = runs.table_name
    AND steps.version > runs.version_before
    AND steps.version <= runs.version_written
ORDER BY step, steps.table_name
