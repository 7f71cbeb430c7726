-- How long do patients stay, and how long does a bed stand empty between two, per ward and month?
-- alos_days + turnover_interval_days = day_count / bed_use_factor. No case: no ratio (null).
-- ward_id: the ward that discharged
-- month_on: first day of the month
-- day_count: days of it that have numbers; of a month with few of them the ratios say little
-- case_count: discharges and deaths
-- alos_days: average length of stay: occupied bed-days per case, not the mean of the stays that ended
-- turnover_interval_days: free bed-days per case
-- bed_use_factor: cases per available bed in the month (so far)
SELECT
    ward_id,
    period_on AS month_on,
    day_count,
    case_count,
    round(alos_days, 1) AS alos_days,
    round(turnover_interval_days, 1) AS turnover_interval_days,
    round(bed_use_factor, 2) AS bed_use_factor
FROM gold.ward_kpis
WHERE period = 'month'
ORDER BY month_on, length(ward_id), ward_id
