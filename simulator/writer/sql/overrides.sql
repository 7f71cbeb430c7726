-- Overrides with their review.
SELECT o.*, r.actor AS reviewed_by, r.occurred_at AS reviewed_at FROM bronze.bed_events AS o
LEFT JOIN bronze.bed_events AS r ON r.reviewed_event_id = o.event_id
WHERE o.override_rules IS NOT NULL AND o.seq > $after_seq
AND ($since IS NULL OR o.occurred_at >= $since)
AND ($reviewed IS NULL OR $reviewed = (r.seq IS NOT NULL))
AND ($own_wards IS NULL OR list_contains($own_wards, o.ward_id))
ORDER BY o.seq LIMIT $limit
