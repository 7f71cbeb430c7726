-- Manual against automatic updates per ward and hour: how many, what share, how long.
-- update_count: Updates by people and by machines
-- manual_count: Updates by people
-- manual_share: Their share of all, 0 to 1
-- manual_mean_length: Mean characters of a text by people
-- automatic_mean_length: Mean characters of a text by the simulator or a feed
CREATE OR REPLACE VIEW gold.update_origins AS
SELECT
    hospital_id,
    window_at,
    window_on,
    ward_id,
    sum(update_count)::BIGINT AS update_count,
    sum(update_count) FILTER (is_manual)::BIGINT AS manual_count,
    coalesce(sum(update_count) FILTER (is_manual), 0) / sum(update_count) AS manual_share,
    sum(character_count) FILTER (is_manual) / sum(update_count) FILTER (is_manual)
        AS manual_mean_length,
    sum(character_count) FILTER (NOT is_manual) / sum(update_count) FILTER (NOT is_manual)
        AS automatic_mean_length
FROM gold.update_volume
GROUP BY hospital_id, window_at, window_on, ward_id
