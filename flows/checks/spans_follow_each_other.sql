-- table: silver.bed_status_spans
-- A bed's spans leave no hole and do not overlap, from its registration on.
SELECT *
FROM (
    SELECT bed_id, bed_status, from_at, until_at,
        lead(from_at) OVER (PARTITION BY bed_id ORDER BY from_at) AS next_from_at
    FROM silver.bed_status_spans
)
WHERE next_from_at IS DISTINCT FROM until_at AND next_from_at IS NOT NULL
