-- Who went to the discharge lounge since, and has not left it or come back to a bed.
SELECT * FROM bronze.bed_events AS went
WHERE event_type = 'patient_discharged' AND to_lounge AND occurred_at >= $since AND NOT EXISTS
    (FROM bronze.bed_events AS later
     WHERE later.seq > went.seq AND later.patient_ref = went.patient_ref
         AND (later.booking_state = 'active' OR later.event_type IN ('lounge_left', 'discharge_cancelled')))
