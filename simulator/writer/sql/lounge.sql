-- Who went to the discharge lounge since, and has not left it, or come back to a bed, under that
-- reference.
SELECT * FROM bronze.bed_events AS went
WHERE event_type = 'patient_discharged' AND to_lounge AND occurred_at >= $since AND NOT EXISTS
    (FROM bronze.bed_events AS later
     WHERE later.seq > went.seq AND (
         (later.spell_id = went.spell_id AND later.event_type IN ('lounge_left', 'discharge_cancelled'))
         OR (later.patient_ref = went.patient_ref AND later.booking_state = 'active')))
