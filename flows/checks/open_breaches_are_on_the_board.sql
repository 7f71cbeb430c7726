-- table: gold.breaches
-- What was broken at the newest build is what the live board says, in rooms where nothing has
-- happened since.
WITH built AS (
    SELECT max(occurred_at) AS until_at, any_value(seq_until) AS seq_until
    FROM silver.bed_events
    JOIN (SELECT max(seq_until) AS seq_until FROM gold.table_runs_batch) ON seq <= seq_until
), moved AS (
    SELECT room_id FROM live_board
    WHERE room_id IS NOT NULL AND seq > (SELECT coalesce(seq_until, 0) FROM built)
), shown AS (
    SELECT stay_id, breach, bed_id, room_id
    FROM breaches_at((SELECT until_at FROM built))
), lasting AS (
    SELECT stay_id, breach, bed_id, room_id
    FROM gold.breaches
    WHERE until_at IS NULL AND from_at <= (SELECT until_at FROM built)
)
SELECT 'live_breaches' AS only_in, *
FROM (FROM shown EXCEPT FROM lasting)
WHERE room_id NOT IN (FROM moved)
UNION ALL
SELECT 'gold.breaches', *
FROM (FROM lasting EXCEPT FROM shown)
WHERE room_id NOT IN (FROM moved)
