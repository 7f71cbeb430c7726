-- gold.update_volume: how many texts, and how long.
SELECT
    hospital_id, window_at, window_on, ward_id, is_manual,
    count(*) AS update_count,
    sum(length(text))::BIGINT AS character_count
FROM texts
GROUP BY ALL
