-- Terms and bigrams that rise: in at least 5 updates of the last 24 hours, and at least twice as
-- often as on an average of the 7 days before. A term that is new counts as one update in 7 days.
-- With less than a day of history before, nothing rises.
-- ward_id: The ward; null: the whole hospital
-- until_at: End of the 24 hours
-- before_days: Days before them that are compared with, at most 7
-- recent_count: Updates with the term in the 24 hours
-- before_count: Updates with it in the days before
-- daily_before: Updates with it per day before
-- rise: How many times as often as before
CREATE OR REPLACE VIEW gold.rising_terms AS
WITH ends AS (
    SELECT hospital_id, max(window_at) + INTERVAL 1 HOUR AS until_at, min(window_at) AS first_at
    FROM gold.update_terms
    GROUP BY hospital_id
), spans AS (
    SELECT
        *,
        until_at - INTERVAL 24 HOURS AS since_at,
        least(7.0, date_diff('second', first_at, until_at - INTERVAL 24 HOURS) / 86400.0)
            AS before_days
    FROM ends
), counted AS (
    SELECT
        hospital_id,
        ward_id,
        term,
        gram_size,
        until_at,
        before_days,
        sum(update_count) FILTER (window_at >= since_at)::BIGINT AS recent_count,
        coalesce(sum(update_count) FILTER (window_at < since_at), 0)::BIGINT AS before_count
    FROM gold.update_terms
    JOIN spans USING (hospital_id)
    WHERE window_on >= (SELECT max(window_on) FROM gold.update_terms) - 9
        AND window_at >= since_at - INTERVAL 7 DAYS
    GROUP BY GROUPING SETS (
        (hospital_id, term, gram_size, until_at, before_days),
        (hospital_id, ward_id, term, gram_size, until_at, before_days)
    )
)
SELECT
    *,
    before_count / before_days AS daily_before,
    recent_count * before_days / greatest(before_count, 1) AS rise
FROM counted
WHERE before_days >= 1
    AND recent_count >= 5
    AND recent_count * before_days >= 2 * greatest(before_count, 1)
