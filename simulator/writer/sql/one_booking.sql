-- One booking as it stands.
SELECT * FROM bronze.bed_events WHERE booking_id = $booking_id ORDER BY seq DESC LIMIT 1
