-- One booking as it stands.
SELECT * FROM bronze.bed_events
WHERE booking_id = $booking_id AND booking_state IS NOT NULL
ORDER BY seq DESC LIMIT 1
