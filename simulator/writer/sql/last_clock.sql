-- The clock as it was set last, and the lake's mode.
SELECT max_by(clock_speed, seq) AS clock_speed, max_by(time_zone, seq) AS time_zone,
       min_by(lake_mode, seq) AS mode
FROM bronze.bed_events WHERE event_type = 'clock_set'
