-- Merges of two references that stand, or wait.
SELECT * FROM bronze.bed_events WHERE event_type = 'patients_merged' AND seq IN
    (SELECT max(seq) FROM bronze.bed_events
     WHERE event_type IN ('patients_merged', 'merge_cancelled') GROUP BY patient_ref)
