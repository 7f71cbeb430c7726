-- % occupancy per ward over whole days, from sums of bed-days at midnight (KH03).
SELECT
    ward_id,
    coalesce(any_value(ward_name), ward_id) AS ward_name,
    sum(occupied_bed_days)::BIGINT AS occupied_bed_days,
    sum(available_bed_days)::BIGINT AS available_bed_days,
    100.0 * sum(occupied_bed_days) / nullif(sum(available_bed_days), 0) AS occupancy_percent
FROM gold.ward_daily
LEFT JOIN (
    SELECT ward_id, any_value(ward_name) AS ward_name FROM gold.bed_board GROUP BY ward_id
) USING (ward_id)
WHERE census_on BETWEEN $from_on AND $until_on
    AND (len($ward_ids) = 0 OR list_contains($ward_ids, ward_id))
GROUP BY ward_id
ORDER BY occupancy_percent DESC NULLS LAST, natural_order(ward_id)
