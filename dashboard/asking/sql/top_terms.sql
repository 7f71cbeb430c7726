-- The $top terms ($gram_size 1) or bigrams (2) by number of updates, and who wrote those; of terms
-- that stand in $least updates: those of fewer are what somebody wrote of a patient.
SELECT
    term,
    CASE WHEN is_manual THEN 'manual' ELSE 'automatic' END AS origin,
    sum(update_count)::BIGINT AS update_count,
    any_value(term_count) AS term_count
FROM gold.update_terms
JOIN (
    SELECT term, sum(update_count)::BIGINT AS term_count
    FROM gold.update_terms
    WHERE window_on BETWEEN $from_on AND $until_on
        AND gram_size = $gram_size
        AND (len($ward_ids) = 0 OR list_contains($ward_ids, ward_id))
    GROUP BY term
    HAVING sum(update_count) >= $least
    ORDER BY term_count DESC, term
    LIMIT $top
) USING (term)
WHERE window_on BETWEEN $from_on AND $until_on
    AND gram_size = $gram_size
    AND (len($ward_ids) = 0 OR list_contains($ward_ids, ward_id))
GROUP BY term, is_manual
ORDER BY term_count DESC, term, origin
