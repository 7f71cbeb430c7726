-- A bed request as it was made, or made again.
SELECT * FROM bronze.bed_events
WHERE event_type = 'bed_requested' AND bed_request_id = $bed_request_id ORDER BY seq DESC LIMIT 1
