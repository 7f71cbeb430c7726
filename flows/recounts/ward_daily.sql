-- gold.ward_daily: the sums of the recounted gold.room_daily.
SELECT
    hospital_id, ward_id, census_on,
    sum(COLUMNS(* EXCLUDE (hospital_id, ward_id, room_id, census_on)))::BIGINT
FROM recount_room_daily
GROUP BY ALL
