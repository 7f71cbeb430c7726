-- Requests that wait.
SELECT * FROM bronze.bed_events WHERE event_type IN ('bed_requested', 'request_changed') AND seq IN
    (SELECT max(seq) FROM bronze.bed_events
     WHERE event_type IN ('bed_requested', 'request_changed', 'request_placed', 'request_withdrawn')
     GROUP BY bed_request_id)
