-- A bed before an event: before all rows of its request, which have the state after it.
SELECT * FROM bronze.bed_events
WHERE bed_id = $bed_id AND seq < $seq AND request_id IS DISTINCT FROM $request_id
ORDER BY seq DESC LIMIT 1
