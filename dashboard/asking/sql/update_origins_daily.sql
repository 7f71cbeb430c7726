-- Manual and automatic updates per hospital day: how many, what share, how long their texts are.
-- From gold.update_volume: the means of gold.update_origins do not add up.
WITH days AS (
    SELECT window_on, sum(update_count) AS all_count
    FROM gold.update_volume
    WHERE window_on BETWEEN $from_on AND $until_on
        AND (len($ward_ids) = 0 OR list_contains($ward_ids, ward_id))
    GROUP BY window_on
), origins AS (
    SELECT
        window_on,
        is_manual,
        sum(update_count)::BIGINT AS update_count,
        sum(character_count) / sum(update_count) AS mean_length
    FROM gold.update_volume
    WHERE window_on BETWEEN $from_on AND $until_on
        AND (len($ward_ids) = 0 OR list_contains($ward_ids, ward_id))
    GROUP BY window_on, is_manual
)
SELECT
    window_on AS counted_on,
    CASE WHEN is_manual THEN 'manual' ELSE 'automatic' END AS origin,
    coalesce(update_count, 0) AS update_count,
    100.0 * coalesce(update_count, 0) / all_count AS share_percent,
    mean_length
FROM days
CROSS JOIN (VALUES (false), (true)) AS kinds (is_manual)
LEFT JOIN origins USING (window_on, is_manual)
ORDER BY counted_on, origin
