-- table: gold.ward_daily
-- Each count of a ward's day is the sum of its rooms'.
WITH rooms AS (
    SELECT hospital_id, ward_id, census_on,
        sum(COLUMNS(* EXCLUDE (hospital_id, ward_id, room_id, census_on)))::BIGINT
    FROM gold.room_daily
    GROUP BY ALL
)
SELECT ward_id, census_on, 'ward' AS side
FROM (SELECT * FROM gold.ward_daily EXCEPT SELECT * FROM rooms)
UNION ALL
SELECT ward_id, census_on, 'rooms'
FROM (SELECT * FROM rooms EXCEPT SELECT * FROM gold.ward_daily)
