-- A bed request as it was made, or made again, and the last that is known of it.
SELECT *, (
    SELECT max(seq) FROM bronze.bed_events WHERE bed_request_id = $bed_request_id
    AND event_type IN
        ('bed_requested', 'request_changed', 'request_placed', 'request_withdrawn')) AS last_seq
FROM bronze.bed_events
WHERE event_type IN ('bed_requested', 'request_changed') AND bed_request_id = $bed_request_id
ORDER BY seq DESC LIMIT 1
