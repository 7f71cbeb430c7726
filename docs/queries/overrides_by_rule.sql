-- Which rules are overridden most, and how long does a review take?
-- An override of several rules counts at each of them.
-- rule: the rule that was set aside
-- override_count: overrides
-- displaced_count: bookings that they displaced
-- reviewed_count: overrides that somebody else has reviewed
-- waiting_count: overrides that still wait for a review
-- median_review_minutes: hospital minutes until the review, of those reviewed
WITH rules AS (
    SELECT *, unnest(override_rules) AS rule
    FROM gold.overrides
)
SELECT
    rule,
    count(*) AS override_count,
    sum(len(displaced_booking_ids))::BIGINT AS displaced_count,
    count(reviewed_at) AS reviewed_count,
    count(*) - count(reviewed_at) AS waiting_count,
    round(median(review_minutes), 1) AS median_review_minutes
FROM rules
GROUP BY rule
ORDER BY override_count DESC, rule
