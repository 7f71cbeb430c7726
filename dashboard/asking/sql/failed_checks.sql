-- Checks of the data whose newest result is not ok. One that did not run for a week is forgotten.
SELECT check_name, table_name, failed_count, detail
FROM gold.check_results
WHERE checked_at > (SELECT max(checked_at) FROM gold.check_results) - INTERVAL 7 DAYS
QUALIFY row_number() OVER (PARTITION BY check_name ORDER BY checked_at DESC) = 1 AND NOT is_ok
ORDER BY check_name
