-- Bookings as they stand, or stood at $at.
-- A correction counts from the time of the event that it undoes. Of those there are few: only
-- they are looked up.
WITH log AS (
    SELECT l.*, coalesce(e.occurred_at, l.occurred_at) AS effective_at
    FROM bronze.bed_events AS l LEFT JOIN (
        SELECT event_id, occurred_at FROM bronze.bed_events WHERE event_id IN
            (SELECT corrects_event_id FROM bronze.bed_events WHERE corrects_event_id IS NOT NULL)
    ) AS e ON e.event_id = l.corrects_event_id
) SELECT * FROM log WHERE seq IN
    (SELECT max(seq) FROM log
     WHERE booking_state IS NOT NULL AND ($at IS NULL OR effective_at <= $at)
     GROUP BY booking_id)
AND ($booking_id IS NULL OR booking_id = $booking_id)
AND ($bed_id IS NULL OR bed_id = $bed_id)
AND ($ward_id IS NULL OR ward_id = $ward_id)
AND ($own_wards IS NULL OR list_contains($own_wards, ward_id))
AND ($state IS NULL OR booking_state = $state)
AND ($patient_ref IS NULL OR patient_ref = $patient_ref)
AND ($after_seq IS NULL OR seq > $after_seq)
AND ($ran_over_at IS NULL OR (booking_state = 'active' AND ends_at <= $ran_over_at))
ORDER BY seq LIMIT $limit
