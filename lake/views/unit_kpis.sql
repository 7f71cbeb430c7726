-- What adds up, and its ratios: for rooms, wards, specialties and the hospital, per day, week (from
-- Monday), month, quarter and year. A period that has not ended has the days so far (day_count).
-- Occupancy: KH03. Length of stay, turnover interval and bed use factor: StatsWales. Over any period
-- alos_days + turnover_interval_days = day_count / bed_use_factor. No cases: no ratio (null).
-- level: room, ward, specialty or hospital
-- unit_id: Which of them
-- period: day, week, month, quarter or year
-- period_on: First date of the period
-- day_count: Days of it that have numbers
-- average_available_beds: Available bed-days per day
-- average_occupied_beds: Occupied bed-days per day
-- occupancy_percent: Occupied of available bed-days, in percent
-- alos_days: Average length of stay: occupied bed-days per case; a same-day stay has none of them
-- median_stay_days: Median of the spells that ended in the period, in nights; a same-day one has 0
-- turnover_interval_days: Days that a bed stays empty between two cases
-- bed_use_factor: Cases per average available bed in the period
CREATE OR REPLACE VIEW gold.unit_kpis AS
WITH named AS (
    SELECT daily.*, coalesce(specialty, 'unknown') AS specialty
    FROM gold.ward_daily AS daily
    LEFT JOIN gold.wards USING (hospital_id, ward_id)
), units AS (
    SELECT 'room' AS level, room_id AS unit_id, * EXCLUDE (ward_id, room_id) FROM gold.room_daily
    UNION ALL BY NAME
    SELECT 'ward' AS level, ward_id AS unit_id, * EXCLUDE (ward_id, specialty) FROM named
    UNION ALL BY NAME
    SELECT 'specialty' AS level, specialty AS unit_id, * EXCLUDE (ward_id, specialty) FROM named
    UNION ALL BY NAME
    SELECT 'hospital' AS level, hospital_id AS unit_id, * EXCLUDE (ward_id, specialty) FROM named
), summed AS (
    SELECT
        hospital_id,
        level,
        unit_id,
        period,
        CASE period
            WHEN 'day' THEN census_on
            ELSE date_trunc(period, census_on)::DATE
        END AS period_on,
        count(DISTINCT census_on) AS day_count,
        sum(available_bed_days)::BIGINT AS available_bed_days,
        sum(occupied_bed_days)::BIGINT AS occupied_bed_days,
        sum(leave_bed_days)::BIGINT AS leave_bed_days,
        sum(admission_count)::BIGINT AS admission_count,
        sum(transfer_in_count)::BIGINT AS transfer_in_count,
        sum(transfer_out_count)::BIGINT AS transfer_out_count,
        sum(discharge_count)::BIGINT AS discharge_count,
        sum(death_count)::BIGINT AS death_count,
        sum(case_count)::BIGINT AS case_count,
        sum(override_count)::BIGINT AS override_count,
        sum(no_show_count)::BIGINT AS no_show_count
    FROM units
    CROSS JOIN (VALUES ('day'), ('week'), ('month'), ('quarter'), ('year')) AS periods (period)
    GROUP BY ALL
), spells AS (
    SELECT hospital_id, spell_id, min(admitted_on) AS admitted_on
    FROM silver.bed_stays
    WHERE is_off_census IS NOT TRUE
    GROUP BY hospital_id, spell_id
), ended AS (
    SELECT
        stays.hospital_id,
        stays.ward_id,
        stays.room_id,
        coalesce(wards.specialty, 'unknown') AS specialty,
        stays.ended_on,
        stays.ended_on - spells.admitted_on AS nights
    FROM silver.bed_stays AS stays
    JOIN spells USING (hospital_id, spell_id)
    LEFT JOIN gold.wards AS wards
        ON wards.hospital_id = stays.hospital_id AND wards.ward_id = stays.ward_id
    WHERE end_reason = 'discharged'
        AND is_off_census IS NOT TRUE
        AND ended_on <= (SELECT max(census_on) FROM gold.ward_daily)
), ended_units AS (
    SELECT hospital_id, 'room' AS level, room_id AS unit_id, ended_on, nights FROM ended
    UNION ALL
    SELECT hospital_id, 'ward', ward_id, ended_on, nights FROM ended
    UNION ALL
    SELECT hospital_id, 'specialty', specialty, ended_on, nights FROM ended
    UNION ALL
    SELECT hospital_id, 'hospital', hospital_id, ended_on, nights FROM ended
), medians AS (
    SELECT
        hospital_id,
        level,
        unit_id,
        period,
        CASE period
            WHEN 'day' THEN ended_on
            ELSE date_trunc(period, ended_on)::DATE
        END AS period_on,
        median(nights) AS median_stay_days
    FROM ended_units
    CROSS JOIN (VALUES ('day'), ('week'), ('month'), ('quarter'), ('year')) AS periods (period)
    GROUP BY ALL
)
SELECT
    summed.*,
    median_stay_days,
    available_bed_days / day_count AS average_available_beds,
    occupied_bed_days / day_count AS average_occupied_beds,
    100.0 * occupied_bed_days / nullif(available_bed_days, 0) AS occupancy_percent,
    occupied_bed_days / nullif(case_count, 0) AS alos_days,
    (available_bed_days - occupied_bed_days) / nullif(case_count, 0) AS turnover_interval_days,
    case_count * day_count / nullif(available_bed_days, 0) AS bed_use_factor
FROM summed
LEFT JOIN medians USING (hospital_id, level, unit_id, period, period_on)
