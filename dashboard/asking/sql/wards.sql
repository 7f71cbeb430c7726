-- The wards as they are called now.
SELECT ward_id, any_value(ward_name) AS ward_name
FROM live_board
GROUP BY ward_id
ORDER BY natural_order(ward_id)
