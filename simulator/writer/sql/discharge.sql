-- The discharge of a booking, and what is now known of it.
WITH corrections AS (
    SELECT * FROM bronze.bed_events
    WHERE event_type = 'discharge_corrected' AND booking_id = $booking_id
    ORDER BY seq DESC LIMIT 1)
SELECT d.*, c.event_id AS corrected_by_event_id,
       CASE WHEN c.seq IS NULL THEN d.disposition ELSE c.disposition END AS disposition_now,
       CASE WHEN c.seq IS NULL THEN d.died_at ELSE c.died_at END AS died_at_now
FROM bronze.bed_events AS d LEFT JOIN corrections AS c ON c.corrects_event_id = d.event_id
WHERE d.event_type = 'patient_discharged' AND d.booking_id = $booking_id
ORDER BY d.seq DESC LIMIT 1
