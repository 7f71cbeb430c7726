-- How full was each specialty in each month, as KH03 counts it?
-- A bed-day is a bed at the midnight that ends a day; a month that has not ended has the days so far.
-- specialty: the ward's specialty
-- month_on: first day of the month
-- day_count: days counted
-- available_bed_days: staffed, not closed beds, summed over the midnights
-- occupied_bed_days: occupied beds, summed over the same midnights
-- occupancy_percent: 100 x occupied / available bed-days; null: no bed was available
SELECT
    unit_id AS specialty,
    period_on AS month_on,
    day_count,
    available_bed_days,
    occupied_bed_days,
    round(occupancy_percent, 1) AS occupancy_percent
FROM gold.unit_kpis
WHERE level = 'specialty' AND period = 'month'
ORDER BY month_on, specialty
