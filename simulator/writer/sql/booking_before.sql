-- A booking before an event, and before its request.
SELECT * FROM bronze.bed_events
WHERE booking_id = $booking_id AND booking_state IS NOT NULL AND seq < $seq
AND request_id IS DISTINCT FROM $request_id
ORDER BY seq DESC LIMIT 1
