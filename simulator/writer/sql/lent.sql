-- Spells that go on without a bed: it was lent to another patient.
SELECT spell_id, patient_ref FROM bronze.bed_events
WHERE booking_state = 'completed' AND displaced_by_booking_id IS NOT NULL AND seq IN
    (SELECT max(seq) FROM bronze.bed_events
     WHERE booking_state IN ('active', 'completed') AND spell_id IS NOT NULL GROUP BY spell_id)
