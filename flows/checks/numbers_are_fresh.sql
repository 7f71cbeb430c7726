-- table: gold.census_hourly
-- The batch tables have been built within an hour of the newest event that is older than that.
SELECT max(seq) AS seq, max(recorded_at) AS recorded_at, built.seq_until
FROM silver.bed_events, (
    SELECT coalesce(max(seq_until), 0) AS seq_until FROM gold.table_runs_batch
) AS built
WHERE recorded_at < $now - INTERVAL 1 HOUR AND seq > built.seq_until
GROUP BY built.seq_until
HAVING count(*) > 0
