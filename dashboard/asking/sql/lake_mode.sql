-- What the lake is (demo, replay, live): fixed by its first event.
SELECT reason_code AS mode
FROM bronze.bed_events
WHERE event_type = 'clock_set'
ORDER BY seq
LIMIT 1
