-- Patients who lay where a rule of the ward is broken, per hospital day, and by what.
SELECT
    census_on AS counted_on,
    replace(breach, '_', ' ') AS breach,
    sum(patient_count)::BIGINT AS patient_count,
    sum(explained_count)::BIGINT AS explained_count
FROM gold.breach_days
WHERE census_on BETWEEN $from_on AND $until_on
    AND (len($ward_ids) = 0 OR list_contains($ward_ids, ward_id))
GROUP BY census_on, breach
ORDER BY census_on, breach
