-- The last $most runs, of one table or of any.
SELECT
    run_name, table_name, finished_at, from_on, to_on, version_read, version_written, in_count,
    out_count, quarantined_count, seconds
FROM gold.table_runs
WHERE $table_name IS NULL OR table_name = $table_name
ORDER BY finished_at DESC, table_name
LIMIT $most
