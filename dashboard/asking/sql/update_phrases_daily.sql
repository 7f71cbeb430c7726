-- Updates with a flagged phrase, per hospital day and flag.
SELECT
    window_on AS counted_on,
    replace(flag, '_', ' ') AS flag,
    sum(update_count)::BIGINT AS update_count,
    coalesce(sum(update_count) FILTER (is_manual), 0)::BIGINT AS manual_count
FROM gold.update_phrases
WHERE window_on BETWEEN $from_on AND $until_on
    AND (len($ward_ids) = 0 OR list_contains($ward_ids, ward_id))
GROUP BY window_on, flag
ORDER BY window_on, flag
