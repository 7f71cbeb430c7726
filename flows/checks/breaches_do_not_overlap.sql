-- table: gold.breaches
-- Two breaches of one stay and kind have time between them.
SELECT *
FROM (
    SELECT stay_id, breach, from_at, until_at,
        lead(from_at) OVER (PARTITION BY hospital_id, stay_id, breach ORDER BY from_at)
            AS next_from_at
    FROM gold.breaches
)
WHERE next_from_at <= coalesce(until_at, 'infinity')
