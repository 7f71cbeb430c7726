-- Admissions, discharges and deaths per hospital day.
SELECT census_on, movement, patient_count
FROM (
    SELECT
        census_on,
        sum(admission_count)::BIGINT AS admissions,
        sum(discharge_count)::BIGINT AS discharges,
        sum(death_count)::BIGINT AS deaths
    FROM gold.ward_daily
    WHERE census_on BETWEEN $from_on AND $until_on
        AND (len($ward_ids) = 0 OR list_contains($ward_ids, ward_id))
    GROUP BY census_on
)
UNPIVOT (patient_count FOR movement IN (admissions, discharges, deaths))
ORDER BY census_on, movement
