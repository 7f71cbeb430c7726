-- gold.breaches: at every instant at which something changes in a room, who is in it, and what that
-- breaks until the next one; one after the other they are one breach.
WITH lain AS (
    SELECT * FROM states WHERE current_stay_id IS NOT NULL AND leave_since_at IS NULL
), instants AS (
    SELECT hospital_id, room_id, look_at, lead(look_at) OVER (PARTITION BY hospital_id, room_id ORDER BY look_at)
        AS next_look_at
    FROM (
        SELECT hospital_id, room_id, from_at AS look_at FROM lain
        UNION
        SELECT hospital_id, room_id, until_at FROM lain WHERE until_at IS NOT NULL
        UNION
        SELECT hospital_id, room_id, current_single_sex_from_at FROM lain
        WHERE current_single_sex_from_at <= $now
    )
), beds AS (
    SELECT DISTINCT hospital_id, room_id, bed_id FROM lain
), looks AS (
    SELECT * FROM instants JOIN beds USING (hospital_id, room_id)
), there AS (
    SELECT
        looks.*,
        lain.ward_id,
        lain.zone,
        lain.time_zone,
        current_stay_id AS stay_id,
        current_booking_id AS booking_id,
        current_patient_ref AS patient_ref,
        current_placed_with_patient_ref AS placed_with,
        coalesce(is_cot, false) AS is_cot,
        current_rooms_with AS sex,
        coalesce(current_single_sex_from_at <= looks.look_at, false) AS has_right,
        current_isolation_kind AS isolation,
        list_filter(
            list_append(coalesce(current_contact_of, []), current_infection),
            lambda one: one IS NOT NULL
        ) AS carried,
        coalesce(current_not_taken_as, []) AS not_taken_as
    FROM looks
    ASOF JOIN lain
        ON lain.hospital_id = looks.hospital_id AND lain.bed_id = looks.bed_id
        AND lain.from_at <= looks.look_at
    WHERE (lain.until_at IS NULL OR lain.until_at > looks.look_at) AND lain.room_id = looks.room_id
), pairs AS (
    SELECT
        a.*,
        b.booking_id AS other_booking_id,
        a.has_right AND NOT (
            a.is_cot OR b.is_cot
            OR (a.sex IS NOT NULL AND a.sex IS NOT DISTINCT FROM b.sex)
            OR (a.placed_with IS NOT NULL AND a.placed_with IS NOT DISTINCT FROM b.patient_ref)
            OR (b.placed_with IS NOT NULL AND b.placed_with IS NOT DISTINCT FROM a.patient_ref)
        ) AS is_mixed,
        -- What each of the two may catch of the other: what they do not have in common.
        'protective' IN (coalesce(a.isolation, 'none'), coalesce(b.isolation, 'none'))
            OR len(list_filter(a.carried, lambda one: NOT list_contains(b.carried, one))) > 0
            OR len(list_filter(b.carried, lambda one: NOT list_contains(a.carried, one))) > 0
            AS is_exposed
    FROM there AS a
    JOIN there AS b
        ON a.hospital_id = b.hospital_id AND a.room_id = b.room_id AND a.look_at = b.look_at
        AND a.bed_id <> b.bed_id
), broken AS (
    SELECT 'mixed_sex' AS breach, * FROM pairs WHERE is_mixed
    UNION ALL BY NAME
    SELECT 'isolation' AS breach, * FROM pairs WHERE is_exposed
    UNION ALL BY NAME
    SELECT 'level_of_care' AS breach, * FROM there WHERE 'level_of_care' IN not_taken_as
    UNION ALL BY NAME
    SELECT 'not_taken_by_ward' AS breach, * FROM there
    WHERE len(list_filter(not_taken_as, lambda reason: reason <> 'level_of_care')) > 0
), one_by_one AS (
    SELECT DISTINCT hospital_id, stay_id, breach, look_at, next_look_at, patient_ref, ward_id, room_id,
        bed_id, zone, time_zone
    FROM broken
), begun AS (
    SELECT *, lag(next_look_at) OVER of_stay IS DISTINCT FROM look_at AS begins
    FROM one_by_one
    WINDOW of_stay AS (PARTITION BY hospital_id, stay_id, breach ORDER BY look_at)
), numbered AS (
    SELECT
        *,
        sum(begins::INT) OVER (PARTITION BY hospital_id, stay_id, breach ORDER BY look_at) AS nth
    FROM begun
), spans AS (
    SELECT
        hospital_id,
        stay_id,
        breach,
        nth,
        max_by(struct_pack(patient_ref, ward_id, room_id, bed_id, zone, time_zone), look_at) AS place,
        min(look_at) AS from_at,
        last(next_look_at ORDER BY look_at) AS until_at
    FROM numbered
    GROUP BY ALL
), rules AS (
    FROM (VALUES
        ('mixed_sex', 'mixed_sex'),
        ('isolation', 'isolation_needed'),
        ('level_of_care', 'not_taken_by_ward'),
        ('not_taken_by_ward', 'not_taken_by_ward')
    ) AS rules (breach, rule)
), said AS (
    SELECT rules.breach, hospital_id, booking_id, seq, event_id, override_reason_code, occurred_at
    FROM events
    JOIN rules ON list_contains(string_split(override_rule, ','), rule)
    WHERE booking_id IS NOT NULL
), explained AS (
    -- Of who is affected, and of each who is there too: said before that was over.
    SELECT broken.hospital_id, broken.stay_id, broken.breach, numbered.nth,
        said.* EXCLUDE (breach, hospital_id),
        min(broken.look_at) AS there_at
    FROM broken
    JOIN numbered USING (hospital_id, stay_id, breach, look_at)
    JOIN said
        ON said.hospital_id = broken.hospital_id AND said.breach = broken.breach
        AND said.booking_id IN (broken.booking_id, broken.other_booking_id)
        AND (broken.next_look_at IS NULL OR said.occurred_at < broken.next_look_at)
    GROUP BY ALL
), listed AS (
    SELECT hospital_id, stay_id, breach, nth,
        list(struct_pack(
            seq, event_id, override_reason_code, occurred_at,
            counts_from_at := greatest(occurred_at, there_at)
        )) AS overrides
    FROM explained
    GROUP BY ALL
)
SELECT
    hospital_id,
    stay_id,
    place.patient_ref,
    place.ward_id,
    place.room_id,
    place.bed_id,
    breach,
    from_at,
    until_at,
    list_min(overrides).event_id AS override_event_id,
    list_min(overrides).override_reason_code AS override_reason_code,
    (until_at AT TIME ZONE place.zone)::DATE AS ended_on,
    overrides,
    place.zone,
    place.time_zone
FROM spans
LEFT JOIN listed USING (hospital_id, stay_id, breach, nth)
