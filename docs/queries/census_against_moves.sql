-- Does each midnight's census follow from the one before and the day's moves?
-- Patients at the end = patients at the start + came in - went out. A move at the stroke of
-- midnight is in that census, and a move of the day that begins: a gap that the next day makes good.
-- Any other gap is a defect.
-- ward_id: the ward
-- census_on: the day
-- start_count: patients at the midnight that begins it, those on leave among them; null on the first
-- day
-- in_count: admissions and transfers in
-- out_count: discharges, deaths and transfers out
-- end_count: patients at the midnight that ends it
-- gap_count: end_count - (start_count + in_count - out_count)
WITH days AS (
    SELECT
        *,
        occupied_bed_days + leave_bed_days AS end_count,
        lag(end_count) OVER (PARTITION BY hospital_id, ward_id ORDER BY census_on) AS start_count,
        admission_count + transfer_in_count AS in_count,
        case_count + transfer_out_count AS out_count
    FROM gold.ward_daily
)
SELECT
    ward_id,
    census_on,
    start_count,
    in_count,
    out_count,
    end_count,
    end_count - (start_count + in_count - out_count) AS gap_count
FROM days
ORDER BY census_on DESC, length(ward_id), ward_id
