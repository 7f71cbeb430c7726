-- Each check of the data: its newest result, and the last $most results, oldest first.
-- One that did not run for a week is forgotten.
WITH results AS (
    SELECT
        *,
        row_number() OVER (PARTITION BY check_name ORDER BY checked_at DESC) AS nth
    FROM gold.check_results
    WHERE checked_at > (SELECT max(checked_at) FROM gold.check_results) - INTERVAL 7 DAYS
)
SELECT
    check_name,
    any_value(table_name) FILTER (nth = 1) AS table_name,
    max(checked_at) AS checked_at,
    any_value(is_ok) FILTER (nth = 1) AS is_ok,
    any_value(failed_count) FILTER (nth = 1) AS failed_count,
    any_value(promise) FILTER (nth = 1) AS promise,
    any_value(examples) FILTER (nth = 1) AS examples,
    list(
        {'checked_at': checked_at, 'is_ok': is_ok, 'failed_count': failed_count}
        ORDER BY checked_at
    ) AS history
FROM results
WHERE nth <= $most
GROUP BY check_name
ORDER BY is_ok, check_name
