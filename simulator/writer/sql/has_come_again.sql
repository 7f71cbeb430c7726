-- A later bed of a patient, under any of the references, that stands.
SELECT seq FROM bronze.bed_events
WHERE list_contains($refs, patient_ref) AND seq > $seq AND booking_state = 'active'
AND event_type IN ('patient_admitted', 'patient_transferred') AND event_id NOT IN
    (SELECT corrects_event_id FROM bronze.bed_events
     WHERE corrects_event_id IS NOT NULL AND seq > $seq)
LIMIT 1
