-- Patients who have died, as is now known: by their newest discharge, or its correction.
SELECT patient_ref, coalesce(died_at, occurred_at) AS died_at FROM bronze.bed_events
WHERE disposition = 'died' AND seq IN
    (SELECT max(seq) FROM bronze.bed_events
     WHERE event_type IN ('patient_discharged', 'discharge_cancelled', 'discharge_corrected')
     GROUP BY patient_ref)
