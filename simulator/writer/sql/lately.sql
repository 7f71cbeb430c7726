-- Ended stays, by when they were entered as such, in whose rooms contacts may still be traced.
SELECT stay_id, patient_ref, room_id, starts_at, occurred_at FROM bronze.bed_events
WHERE stay_id IS NOT NULL AND booking_state IS NOT NULL AND occurred_at > $since
QUALIFY row_number() OVER (PARTITION BY stay_id ORDER BY seq DESC) = 1
    AND booking_state = 'completed'
ORDER BY seq
