-- The log from a seq on.
SELECT * FROM bronze.bed_events
WHERE seq > $after_seq AND seq <= $until_seq
AND ($bed_id IS NULL OR bed_id = $bed_id)
AND ($event_type IS NULL OR event_type = $event_type)
ORDER BY seq LIMIT $limit
