-- The newest run of each table. One of the stream that names no sources read the log.
SELECT
    * EXCLUDE (sources),
    CASE WHEN len(sources) = 0 AND version_read IS NOT NULL
        THEN ['bronze.bed_events@' || version_read] ELSE sources END AS sources
FROM gold.table_runs
QUALIFY row_number() OVER (PARTITION BY table_name ORDER BY finished_at DESC) = 1
ORDER BY finished_at DESC, table_name
