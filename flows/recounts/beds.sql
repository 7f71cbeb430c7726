-- silver.beds: from one change of a bed's place to the next.
WITH changes AS (
    SELECT
        *,
        struct_pack(room_id, ward_id, ward_name, specialty, room_class, is_staffed) AS place,
        lag(place) OVER of_bed IS DISTINCT FROM place
            OR lag(until_at) OVER of_bed IS DISTINCT FROM from_at AS begins
    FROM states
    WINDOW of_bed AS (PARTITION BY bed_id ORDER BY from_at)
), numbered AS (
    SELECT *, sum(begins::INT) OVER (PARTITION BY bed_id ORDER BY from_at) AS nth FROM changes
)
SELECT
    any_value(hospital_id) AS hospital_id,
    bed_id,
    arg_min(place.room_id, from_at) AS room_id,
    arg_min(place.ward_id, from_at) AS ward_id,
    arg_min(place.ward_name, from_at) AS ward_name,
    arg_min(place.specialty, from_at) AS specialty,
    arg_min(place.room_class, from_at) AS room_class,
    arg_min(place.is_staffed, from_at) AS is_staffed,
    min(from_at) AS from_at,
    last(until_at ORDER BY from_at) AS until_at,
    (last(until_at ORDER BY from_at) AT TIME ZONE last(zone ORDER BY from_at))::DATE AS ended_on
FROM numbered
GROUP BY bed_id, nth
