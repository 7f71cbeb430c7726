-- Each override of a rule of the ward: who, why, whose booking it displaced, and who reviewed it.
-- One record per command, named by the first of the rows that it wrote.
-- reason: Why, in words
-- displaced_booking_ids: Bookings that it displaced
-- reviewed_by: Who reviewed it first; null: nobody yet
-- reviewed_at: When, hospital time
-- review_note: What they wrote
-- review_minutes: Hospital minutes from the override to its review
CREATE OR REPLACE VIEW gold.overrides AS
WITH rows AS (
    SELECT *, coalesce(request_id, event_id) AS command_id
    FROM silver.bed_events
    WHERE override_rule IS NOT NULL
), first AS (
    SELECT * FROM rows QUALIFY row_number() OVER (PARTITION BY hospital_id, command_id ORDER BY seq) = 1
), displaced AS (
    SELECT hospital_id, request_id AS command_id, list(booking_id ORDER BY seq) AS booking_ids
    FROM silver.bed_events
    WHERE event_type = 'booking_displaced'
    GROUP BY hospital_id, request_id
), reviews AS (
    SELECT
        rows.hospital_id,
        rows.command_id,
        min_by(review.actor, review.seq) AS reviewed_by,
        min(review.occurred_at) AS reviewed_at,
        min_by(review.note, review.seq) AS review_note
    FROM rows
    JOIN silver.bed_events AS review
        ON review.hospital_id = rows.hospital_id AND review.reviewed_event_id = rows.event_id
    WHERE review.event_type = 'override_reviewed'
    GROUP BY rows.hospital_id, rows.command_id
)
SELECT
    first.hospital_id,
    first.event_id,
    first.seq,
    first.occurred_at,
    first.occurred_on,
    first.ward_id,
    first.room_id,
    first.bed_id,
    first.booking_id,
    first.patient_ref,
    first.override_rule,
    first.override_rules,
    first.override_reason_code AS reason_code,
    first.override_reason AS reason,
    first.actor,
    first.role,
    coalesce(displaced.booking_ids, []) AS displaced_booking_ids,
    reviews.reviewed_by,
    reviews.reviewed_at,
    reviews.review_note,
    date_diff('second', first.occurred_at, reviews.reviewed_at) / 60 AS review_minutes
FROM first
LEFT JOIN displaced USING (hospital_id, command_id)
LEFT JOIN reviews USING (hospital_id, command_id)
