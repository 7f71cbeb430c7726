-- Patients who have died, as is now known: by the newest that is said of the end of each stay.
SELECT patient_ref, stay_id, coalesce(died_at, occurred_at) AS died_at FROM bronze.bed_events
WHERE disposition = 'died' AND seq IN
    (SELECT max(seq) FROM bronze.bed_events
     WHERE event_type IN ('patient_discharged', 'discharge_cancelled', 'discharge_corrected')
     GROUP BY stay_id)
