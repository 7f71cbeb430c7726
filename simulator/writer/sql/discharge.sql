-- The discharge of a booking.
SELECT * FROM bronze.bed_events
WHERE event_type = 'patient_discharged' AND booking_id = $booking_id ORDER BY seq DESC LIMIT 1
