-- The $top terms that rise now: in the chosen wards, or without any in the whole hospital.
SELECT coalesce(ward_id, 'all wards') AS ward_id, term, recent_count, daily_before, rise
FROM gold.rising_terms
WHERE CASE WHEN len($ward_ids) = 0 THEN ward_id IS NULL ELSE list_contains($ward_ids, ward_id) END
ORDER BY rise DESC, recent_count DESC, term, natural_order(ward_id)
LIMIT $top
