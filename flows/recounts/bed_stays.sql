-- silver.bed_stays: from the event that put a patient into a bed to the one that ended it.
WITH began AS (
    SELECT * FROM standing
    WHERE event_type IN ('patient_admitted', 'patient_transferred') AND booking_state = 'active'
), ended AS (
    SELECT * FROM standing
    WHERE event_type IN ('patient_discharged', 'patient_transferred')
        AND booking_state = 'completed'
)
SELECT
    began.hospital_id,
    began.stay_id,
    began.spell_id,
    began.booking_id,
    began.patient_ref,
    began.ward_id,
    began.room_id,
    began.bed_id,
    began.specialty,
    began.occurred_at AS admitted_at,
    began.occurred_on AS admitted_on,
    ended.occurred_at AS ended_at,
    CASE ended.event_type
        WHEN 'patient_transferred' THEN 'transferred' WHEN 'patient_discharged' THEN 'discharged'
    END AS end_reason,
    coalesce(corrected.disposition, ended.disposition) AS disposition,
    coalesce(began.is_off_census, false) AS is_off_census,
    ended.occurred_on AS ended_on
FROM began
LEFT JOIN ended USING (stay_id)
LEFT JOIN (
    SELECT corrects_event_id AS event_id, arg_max(disposition, seq) AS disposition
    FROM events WHERE event_type = 'discharge_corrected' GROUP BY corrects_event_id
) AS corrected ON corrected.event_id = ended.event_id
