-- A bed before an event.
SELECT * FROM bronze.bed_events WHERE bed_id = $bed_id AND seq < $seq ORDER BY seq DESC LIMIT 1
