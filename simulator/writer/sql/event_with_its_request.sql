-- An event with those of the same request.
SELECT * FROM bronze.bed_events WHERE request_id =
    (SELECT request_id FROM bronze.bed_events WHERE event_id = $event_id)
ORDER BY seq
