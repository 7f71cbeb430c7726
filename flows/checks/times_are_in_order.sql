-- table: silver.bed_stays
-- Nothing ends before it begins: stays, spans, bookings, cleaning cycles.
SELECT 'silver.bed_stays' AS of_table, stay_id AS id, admitted_at AS from_at, ended_at AS until_at
FROM silver.bed_stays
WHERE ended_at < admitted_at
UNION ALL
SELECT 'silver.bed_status_spans', bed_id, from_at, until_at
FROM silver.bed_status_spans
WHERE until_at <= from_at
UNION ALL
SELECT 'silver.bookings', booking_id, starts_at, ends_at
FROM silver.bookings
WHERE ends_at <= starts_at
UNION ALL
SELECT 'gold.turnaround', bed_id, dirty_at, cleaning_finished_at
FROM gold.turnaround
WHERE cleaning_finished_at < cleaning_started_at OR cleaning_started_at < dirty_at
