-- silver.carried_events: on each Monday the row that each bed is at, those that began what its
-- cleaning is at, the first and the newest of each open booking with its overrides, breaches that
-- last, and what is undone later.
WITH mondays AS (
    SELECT unnest(generate_series(
        date_trunc('week', (SELECT min(occurred_on) FROM events)),
        ($now AT TIME ZONE $zone)::DATE + 1,
        INTERVAL 7 DAYS
    ))::DATE AS carried_on
), dated AS (
    SELECT
        states.*,
        spans.from_at AS status_from_at,
        places.from_at AS place_from_at,
        (states.from_at AT TIME ZONE zone)::DATE AS from_on,
        (states.until_at AT TIME ZONE zone)::DATE AS until_on,
        states.counts_as = 'dirty' AS is_unclean
    FROM states
    ASOF JOIN recount_bed_status_spans AS spans
        ON spans.bed_id = states.bed_id AND spans.from_at <= states.from_at
    ASOF JOIN recount_beds AS places
        ON places.bed_id = states.bed_id AND places.from_at <= states.from_at
), unclean AS (
    SELECT *, lag(until_at) OVER of_bed IS DISTINCT FROM from_at AS begins
    FROM dated
    WHERE is_unclean
    WINDOW of_bed AS (PARTITION BY bed_id ORDER BY from_at)
), numbered AS (
    SELECT *, sum(begins::INT) OVER (PARTITION BY bed_id ORDER BY from_at) AS nth FROM unclean
), cycles AS (
    SELECT
        * EXCLUDE (begins, nth),
        CASE WHEN bool_and(until_at IS NOT NULL) OVER cycle THEN max(until_at) OVER cycle END
            AS clean_at
    FROM numbered
    WINDOW cycle AS (PARTITION BY bed_id, nth)
), of_beds AS (
    SELECT carried_on, dated.* FROM dated JOIN mondays
        ON carried_on > from_on AND (until_on IS NULL OR carried_on <= until_on)
    UNION ALL BY NAME
    SELECT carried_on, cycles.* EXCLUDE (clean_at) FROM cycles JOIN mondays
        ON from_at = status_from_at
        AND carried_on > until_on
        AND (clean_at IS NULL OR carried_on <= (clean_at AT TIME ZONE zone)::DATE)
), of_bookings AS (
    SELECT
        *,
        seq = min(seq) OVER booking AS is_first,
        booking_state IN ('reserved', 'active') AS is_open,
        min(occurred_on) OVER (
            PARTITION BY booking_id ORDER BY seq ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING
        ) AS next_on,
        max(occurred_on) OVER booking AS newest_on,
        if(max_by(is_open, seq) OVER booking, DATE 'infinity', newest_on) AS ended_on
    FROM events
    WHERE booking_id IS NOT NULL AND booking_state IS NOT NULL
    WINDOW booking AS (PARTITION BY booking_id)
), of_overrides AS (
    SELECT
        said.seq, said.hospital_id, said.event_id, said.occurred_at, said.occurred_on,
        said.booking_id, said.override_rule, said.override_reason_code, said.time_zone,
        any_value(ended_on) AS ended_on
    FROM events AS said
    JOIN of_bookings USING (booking_id)
    WHERE regexp_matches(
        said.override_rule, '(^|,)(mixed_sex|isolation_needed|not_taken_by_ward)(,|$)'
    )
    GROUP BY ALL
), lasting AS (
    SELECT *, carried_on::TIMESTAMP AT TIME ZONE zone AS midnight
    FROM recount_breaches
    JOIN mondays
        ON carried_on > (from_at AT TIME ZONE zone)::DATE
        AND (ended_on IS NULL OR carried_on <= ended_on)
), undone AS (
    SELECT wrong.*, undone_on
    FROM events AS wrong
    JOIN (
        SELECT corrects_event_id AS event_id, max(occurred_on) AS undone_on
        FROM events
        WHERE event_type <> 'discharge_corrected'
        GROUP BY corrects_event_id
    ) AS corrected USING (event_id)
)
SELECT
    'bed' AS carried_as, carried_on, hospital_id, seq, event_id, event_type, occurred_at,
    occurred_on, bed_id, ward_id, room_id, bed_status, is_staffed, is_cot, is_off_census,
    leave_since_at,
    current_stay_id, current_booking_id, current_patient_ref, current_rooms_with,
    current_placed_with_patient_ref, current_single_sex_from_at, current_isolation_kind,
    current_infection, current_contact_of, current_not_taken_as, room_closed_reason_code,
    ward_closed_reason_code, ward_name, specialty, room_class, time_zone, status_from_at,
    place_from_at, NULL::VARCHAR AS breach, NULL::TIMESTAMPTZ AS breach_from_at,
    NULL::TIMESTAMPTZ AS breach_until_at
FROM of_beds
UNION ALL BY NAME
SELECT 'booking' AS carried_as, mondays.carried_on, of_bookings.*
FROM of_bookings
JOIN mondays
    ON carried_on > occurred_on
    AND carried_on <= CASE
        WHEN is_first THEN ended_on
        WHEN is_open THEN coalesce(next_on, DATE 'infinity')
        ELSE least(next_on, newest_on)
    END
UNION ALL BY NAME
SELECT 'undone' AS carried_as, carried_on, undone.*
    EXCLUDE (booking_id, booking_state, stay_id, spell_id)
FROM undone
JOIN mondays ON carried_on > occurred_on AND carried_on <= undone_on
UNION ALL BY NAME
SELECT 'override' AS carried_as, carried_on, of_overrides.* EXCLUDE (ended_on)
FROM of_overrides
JOIN mondays ON carried_on > occurred_on AND carried_on <= ended_on
UNION ALL BY NAME
SELECT
    'breach' AS carried_as, carried_on, hospital_id, stay_id, breach, from_at AS breach_from_at,
    midnight AS breach_until_at, so_far.seq, so_far.event_id, so_far.occurred_at,
    so_far.override_reason_code, time_zone
FROM (
    SELECT *, list_min(list_filter(overrides, lambda one: one.counts_from_at < midnight)) AS so_far
    FROM lasting
)
