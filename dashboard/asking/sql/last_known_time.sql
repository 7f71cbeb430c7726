-- The hospital's time when the last bed changed: what is known while the API is silent.
SELECT
    max(occurred_at) AS hospital_at,
    (SELECT any_value(time_zone) FROM bronze.bed_events WHERE seq <= 100) AS time_zone
FROM live_board
