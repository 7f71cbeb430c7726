"""What the simulated staff write: short update texts, picked by the random hospital."""

ADMISSION = (
    "Admitted from the emergency department, {specialty}",
    "Arrived by ambulance, settled in bed, observations started",
    "Emergency admission, allergies checked, drip running",
    "Admitted from clinic, walking, relatives informed",
)
ELECTIVE_ADMISSION = (
    "Planned admission, consent signed, fasting since midnight",
    "Arrived for planned surgery, settled in bed",
    "Planned admission, medication list reviewed",
)
RESERVATION = (
    "Bed reserved for planned admission",
    "Reserved after outpatient clinic",
    "Reserved for theatre list",
)
REQUEST = (
    "Bed needed, patient waits in the emergency department",
    "Decision to admit, bed requested",
    "Bed requested, monitoring needed",
)
DIVERSION = ("No bed found in time, patient goes to another hospital",)
OVERRIDE = {
    "clinical_need": "Cannot wait any longer, needs observation on this ward",
    "no_other_bed": "No other bed in the hospital, agreed with the ward",
    "patient_safety": "Unsafe to board in the corridor overnight",
}
OVERRIDE_REVIEW = ("Looked at with the ward, justified", "Discussed in the bed meeting, accepted")
DISCHARGE_CONFIRMED = (
    "Fit for discharge, letter being written",
    "Discharge confirmed on ward round, transport booked",
)
CORRECTION = ("Entered in error", "Wrong patient in the system, corrected")
CANCELLATION = (
    "Planned admission cancelled by patient",
    "Theatre list changed, reservation cancelled",
)
NO_SHOW = ("Patient did not arrive, reservation expired",)
TRANSFER = (
    "Moved closer to the nurses station, falls risk",
    "Moved to another room, transport by porter",
    "Stepped down after review, oxygen reduced",
    "Moved to free a side room for isolation",
)
DISCHARGE = (
    "Discharged home with medication",
    "Discharged home, transport arranged",
    "Discharged after ward round, letter sent",
    "Discharged, follow up in clinic in two weeks",
)
REVIEW = (
    "Not fit for discharge yet, expected discharge changed",
    "Waiting for home care, expected discharge changed",
    "Waiting for transport, expected discharge changed",
)
BIRTH = ("Born at term, rooming in with the mother", "Healthy newborn, first feed done")
DEATH = ("Patient died, family informed",)
OTHER_HOSPITAL = ("Transferred to another hospital by ambulance",)
CLEANING_STARTED = ("Cleaning started", "Housekeeping on the way, cleaning started")
CLEANING_FINISHED = ("Bed clean and made", "Cleaning finished, bed ready")
TERMINAL_CLEANING_FINISHED = ("Terminal cleaning finished, bed ready",)
CLOSURE = {
    "maintenance": "Bed closed, frame under repair",
    "staffing": "Bed closed, not enough staff for this shift",
    "infection_control": "Bed closed on advice of infection control",
    "equipment": "Bed closed, oxygen outlet faulty",
}
OPENING = ("Bed open again",)
CARE = (
    "Observations stable, eating and drinking",
    "Oxygen two litres by nasal cannula",
    "Oxygen saturation low, oxygen increased, doctor informed",
    "Patient mobilised with physiotherapy",
    "Falls risk assessment done, bed rails up",
    "Unwitnessed fall, doctor informed, no injury seen",
    "Blood cultures taken, antibiotics started",
    "Waiting for transport to radiology",
    "Back from radiology, result awaited",
    "Isolation precautions explained to family",
    "Pain score reduced after medication",
    "Wound dressing changed, wound clean",
    "Relatives visited, discharge planning started",
    "Drip changed, fluid balance recorded",
    "Slept well, no complaints",
    "Social worker asked for home care",
)
IN_BED_AT_START = "Already in bed when the records began"
