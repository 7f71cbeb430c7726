-- Patients who lay where a rule of the ward is broken, at any time of a hospital day: by day, ward
-- and what is broken. An open breach lasts until the last day that the census knows.
-- census_on: The hospital day
-- patient_count: Patients who were affected
-- explained_count: Those of them all of whose breaches of that kind an override explains
CREATE OR REPLACE VIEW gold.breach_days AS
WITH begun AS (
    SELECT hospital_id, census_on, min(census_at) AS begins_at
    FROM gold.census_hourly
    GROUP BY hospital_id, census_on
), days AS (
    -- What was before the log's first full hour belongs to its day.
    SELECT
        hospital_id,
        census_on,
        if(census_on = min(census_on) OVER (PARTITION BY hospital_id), '-infinity', begins_at)
            AS begins_at,
        lead(begins_at, 1, 'infinity') OVER (PARTITION BY hospital_id ORDER BY census_on) AS ends_at
    FROM begun
), patients AS (
    SELECT
        hospital_id,
        census_on,
        ward_id,
        breach,
        patient_ref,
        bool_and(override_event_id IS NOT NULL) AS is_explained
    FROM days
    JOIN gold.breaches AS breaches USING (hospital_id)
    WHERE from_at < ends_at AND (until_at IS NULL OR until_at > begins_at)
    GROUP BY ALL
)
SELECT
    hospital_id,
    census_on,
    ward_id,
    breach,
    count(*) AS patient_count,
    count(*) FILTER (is_explained) AS explained_count
FROM patients
GROUP BY hospital_id, census_on, ward_id, breach
