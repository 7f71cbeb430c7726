-- silver.bed_status_spans: from one change of a bed's status to the next.
WITH changes AS (
    SELECT
        *,
        struct_pack(ward_id, room_id, bed_status, is_staffed, is_closed_to_admissions, is_on_leave,
            is_off_census) AS what,
        lag(what) OVER of_bed IS DISTINCT FROM what
            OR lag(until_at) OVER of_bed IS DISTINCT FROM from_at AS begins
    FROM states
    WINDOW of_bed AS (PARTITION BY bed_id ORDER BY from_at)
), numbered AS (
    SELECT *, sum(begins::INT) OVER (PARTITION BY bed_id ORDER BY from_at) AS nth FROM changes
)
SELECT
    any_value(hospital_id) AS hospital_id,
    bed_id,
    any_value(ward_id) AS ward_id,
    any_value(room_id) AS room_id,
    any_value(bed_status) AS bed_status,
    any_value(is_staffed) AS is_staffed,
    any_value(is_closed_to_admissions) AS is_closed_to_admissions,
    any_value(is_on_leave) AS is_on_leave,
    any_value(is_off_census) AS is_off_census,
    min(from_at) AS from_at,
    last(until_at ORDER BY from_at) AS until_at,
    (last(until_at ORDER BY from_at) AT TIME ZONE last(zone ORDER BY from_at))::DATE AS ended_on
FROM numbered
GROUP BY bed_id, nth
