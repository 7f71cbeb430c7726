-- Spells that go on without a bed: it was lent to another patient, and nobody has said that the spell
-- is over.
SELECT * FROM bronze.bed_events
WHERE booking_state = 'completed' AND displaced_by_booking_id IS NOT NULL AND seq IN
    (SELECT max(seq) FROM bronze.bed_events
     WHERE spell_id IS NOT NULL AND (booking_state IN ('active', 'completed')
         OR (event_type = 'request_withdrawn' AND bed_was_lent)) GROUP BY spell_id)
