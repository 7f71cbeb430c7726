-- A booking before an event.
SELECT * FROM bronze.bed_events
WHERE booking_id = $booking_id AND booking_state IS NOT NULL AND seq < $seq
ORDER BY seq DESC LIMIT 1
