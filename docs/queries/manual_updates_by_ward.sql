-- How much of what we know is typed in by people, per ward, and how long is what they write?
-- ward_id: the ward; null: updates of no ward
-- update_count: updates
-- manual_count: those that a person made
-- manual_percent: their share
-- manual_mean_length: characters of their texts, on average
-- automatic_mean_length: characters of the other updates' texts, on average
SELECT
    ward_id,
    sum(update_count)::BIGINT AS update_count,
    coalesce(sum(update_count) FILTER (is_manual), 0)::BIGINT AS manual_count,
    round(100.0 * manual_count / sum(update_count), 1) AS manual_percent,
    round(sum(character_count) FILTER (is_manual) / sum(update_count) FILTER (is_manual), 1)
        AS manual_mean_length,
    round(
        sum(character_count) FILTER (NOT is_manual) / sum(update_count) FILTER (NOT is_manual), 1
    ) AS automatic_mean_length
FROM gold.update_volume
GROUP BY ward_id
ORDER BY length(ward_id), ward_id
