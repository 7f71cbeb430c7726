-- Patients in bed whose spell has lasted more than 7 days: whom a board round asks about.
-- patient_ref: The patient in the bed
-- admitted_at: Start of the spell, in whatever bed
-- stay_days: Days since then
-- over_days: The longest of 7, 14 and 21 days that it has passed
-- expected_move_count: How often the expected discharge was moved
-- bed_not_needed_since_at: Since when the patient could leave; null: the bed is needed
-- waits_for: What keeps the patient who could leave
CREATE OR REPLACE VIEW gold.long_stays AS
WITH spells AS (
    SELECT hospital_id, spell_id, min(admitted_at) AS admitted_at
    FROM silver.bed_stays
    GROUP BY hospital_id, spell_id
), here AS (
    SELECT
        board.*,
        coalesce(spells.admitted_at, board.admitted_at) AS spell_admitted_at,
        (SELECT max(occurred_at) FROM gold.bed_board) AS now_at
    FROM gold.bed_board AS board
    LEFT JOIN silver.bed_stays AS stays
        ON stays.hospital_id = board.hospital_id AND stays.stay_id = board.current_stay_id
    LEFT JOIN spells
        ON spells.hospital_id = stays.hospital_id AND spells.spell_id = stays.spell_id
    WHERE board.current_stay_id IS NOT NULL
)
SELECT
    hospital_id,
    ward_id,
    bed_id,
    current_patient_ref AS patient_ref,
    spell_admitted_at AS admitted_at,
    date_diff('second', spell_admitted_at, now_at) / 86400 AS stay_days,
    CASE WHEN stay_days > 21 THEN 21 WHEN stay_days > 14 THEN 14 ELSE 7 END AS over_days,
    expected_discharge_at,
    coalesce(current_expected_move_count, 0) AS expected_move_count,
    current_bed_not_needed_since_at AS bed_not_needed_since_at,
    current_waits_for AS waits_for
FROM here
WHERE stay_days > 7
