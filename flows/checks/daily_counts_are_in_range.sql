-- table: gold.ward_daily
-- No count is negative; cases are the discharges and the deaths; no more beds are occupied than
-- available.
SELECT *
FROM gold.ward_daily
WHERE case_count <> discharge_count + death_count
    OR occupied_bed_days > available_bed_days
    OR least(available_bed_days, occupied_bed_days, leave_bed_days, admission_count,
             transfer_in_count, transfer_out_count, discharge_count, death_count, override_count,
             no_show_count) < 0
