-- table: silver.bookings
-- The bed of a booking is there, and so is the booking that displaced it.
SELECT booking_id, bed_id, displaced_by_booking_id
FROM silver.bookings
WHERE bed_id NOT IN (SELECT bed_id FROM silver.beds)
    OR displaced_by_booking_id NOT IN (SELECT booking_id FROM silver.bookings)
