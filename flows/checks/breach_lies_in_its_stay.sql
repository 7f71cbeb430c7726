-- table: gold.breaches
-- A breach is of a known kind, ends after it begins, and lies within the stay of who is affected.
SELECT breaches.stay_id, breach, from_at, until_at, admitted_at, ended_at
FROM gold.breaches AS breaches
LEFT JOIN silver.bed_stays AS stays USING (hospital_id, stay_id)
WHERE breach NOT IN ('mixed_sex', 'isolation', 'level_of_care', 'not_taken_by_ward')
    OR until_at <= from_at
    OR stays.bed_id IS NULL
    OR from_at < admitted_at
    OR coalesce(until_at, 'infinity') > coalesce(ended_at, 'infinity')
