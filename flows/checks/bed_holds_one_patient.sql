-- table: silver.bed_stays
-- No two stays in a bed overlap, and no two of a patient.
WITH next AS (
    SELECT
        *,
        lead(stay_id) OVER of_bed AS next_in_bed,
        lead(admitted_at) OVER of_bed AS next_in_bed_at,
        lead(stay_id) OVER of_patient AS next_of_patient,
        lead(admitted_at) OVER of_patient AS next_of_patient_at
    FROM silver.bed_stays
    WHERE ended_at IS NULL OR ended_at > admitted_at
    WINDOW
        of_bed AS (PARTITION BY bed_id ORDER BY admitted_at),
        of_patient AS (PARTITION BY patient_ref ORDER BY admitted_at)
)
SELECT stay_id, bed_id, patient_ref, admitted_at, ended_at, next_in_bed, next_of_patient
FROM next
WHERE next_in_bed_at < coalesce(ended_at, 'infinity')
    OR next_of_patient_at < coalesce(ended_at, 'infinity')
