-- table: gold.census_hourly
-- The five display statuses are the registered beds; staffed beds are some of those not closed.
SELECT *
FROM gold.census_hourly
WHERE bed_count <> occupied_count + available_count + reserved_count + dirty_count + closed_count
    OR staffed_count > bed_count - closed_count
    OR greatest(unstaffed_occupied_count, leave_count) > occupied_count
    OR closed_to_admissions_empty_count > least(closed_to_admissions_count, closed_count)
    OR least(staffed_count, unstaffed_occupied_count, leave_count, occupied_count,
             available_count, reserved_count, dirty_count, closed_count) < 0
