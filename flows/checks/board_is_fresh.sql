-- table: gold.bed_board
-- What happened to a bed is on the board within a minute.
SELECT seq, event_id, event_type, bed_id, recorded_at
FROM bronze.bed_events
WHERE bed_id IS NOT NULL
    AND recorded_at < $now - INTERVAL 60 SECONDS
    AND seq > (SELECT coalesce(max(seq), 0) FROM gold.bed_board)
    AND event_id NOT IN (SELECT event_id FROM silver.quarantine WHERE event_id IS NOT NULL)
