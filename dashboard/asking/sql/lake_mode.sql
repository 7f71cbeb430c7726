-- What the lake is (demo, replay, live): fixed by its first event.
SELECT lake_mode AS mode
FROM bronze.bed_events
WHERE event_type = 'clock_set'
ORDER BY seq
LIMIT 1
