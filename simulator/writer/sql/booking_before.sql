-- A booking before an event.
SELECT * FROM bronze.bed_events WHERE booking_id = $booking_id AND seq < $seq ORDER BY seq DESC LIMIT 1
