-- silver.bookings: who made a booking is in its first event, how it stands in its newest.
WITH rows AS (
    SELECT * FROM events WHERE booking_id IS NOT NULL AND booking_state IS NOT NULL
), first AS (
    SELECT * FROM rows WHERE seq IN (SELECT min(seq) FROM rows GROUP BY hospital_id, booking_id)
), last AS (
    SELECT *, booking_state NOT IN ('reserved', 'active') AS has_ended
    FROM rows
    WHERE seq IN (SELECT max(seq) FROM rows GROUP BY hospital_id, booking_id)
)
SELECT
    last.hospital_id,
    last.booking_id,
    last.bed_id,
    last.ward_id,
    last.patient_ref,
    last.booking_state AS state,
    last.starts_at,
    last.ends_at,
    first.occurred_at AS booked_at,
    CASE WHEN has_ended THEN last.occurred_at END AS ended_at,
    first.source,
    first.actor,
    first.override_rule,
    last.displaced_by_booking_id,
    last.seq,
    CASE WHEN has_ended THEN last.occurred_on END AS ended_on
FROM last
JOIN first USING (hospital_id, booking_id)
