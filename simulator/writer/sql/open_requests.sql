-- Requests that wait.
SELECT * FROM bronze.bed_events WHERE event_type = 'bed_requested' AND bed_request_id NOT IN
    (SELECT bed_request_id FROM bronze.bed_events
     WHERE event_type IN ('request_placed', 'request_withdrawn'))
