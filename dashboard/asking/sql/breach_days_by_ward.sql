-- The same in the chosen days, per ward: days on which a patient lay so, each patient and day once.
SELECT
    concat_ws(' ', ward_id, nullif(ward_name, ward_id)) AS ward_name,
    replace(breach, '_', ' ') AS breach,
    sum(patient_count)::BIGINT AS patient_days,
    sum(explained_count)::BIGINT AS explained_days
FROM gold.breach_days
LEFT JOIN gold.wards USING (hospital_id, ward_id)
WHERE census_on BETWEEN $from_on AND $until_on
    AND (len($ward_ids) = 0 OR list_contains($ward_ids, ward_id))
GROUP BY hospital_id, ward_id, ward_name, breach
ORDER BY patient_days DESC, natural_order(ward_id), breach
