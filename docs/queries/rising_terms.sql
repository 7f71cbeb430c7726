-- Which words come up in the updates far more often than usual?
-- In at least 5 updates of the last 24 hours, and at least twice as often as in the week before.
-- ward_id: the ward; null: the whole hospital
-- term: one word, or two in a row
-- recent_count: updates of the last 24 hours that contain it
-- daily_before: updates a day in the 7 days before
-- rise: recent_count against daily_before (a new term: against one update in 7 days)
SELECT
    ward_id,
    term,
    recent_count,
    round(daily_before, 2) AS daily_before,
    round(rise, 1) AS rise
FROM gold.rising_terms
ORDER BY rise DESC, recent_count DESC, term, ward_id NULLS FIRST
