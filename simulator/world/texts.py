"""What the simulated staff write: short update texts, picked by the random hospital."""

ADMISSION = (
    "Admitted from the emergency department, {specialty}",
    "Arrived from the emergency department, settled in bed, observations started",
    "Emergency admission, allergies checked, handover from the emergency department",
)
ISOLATED_ADMISSION = (
    "Admitted straight to a room for one, precautions in place",
    "Admitted to a room for one, sign on the door, allergies checked",
)
PLANNED_INTENSIVE_ADMISSION = ("Arrived from theatre after major surgery, monitored",)
INTENSIVE_ADMISSION = (
    "Admitted to intensive care, monitored, lines in place",
    "Arrived from the resuscitation room with the anaesthetist",
)
ELECTIVE_ADMISSION = ("Planned admission, settled in bed, medication list reviewed",)
ELECTIVE_ADMISSION_IN_THE_MORNING = (
    "Planned admission, consent signed, nothing by mouth",
    *ELECTIVE_ADMISSION,
)
REHABILITATION_ADMISSION = ("Planned admission for rehabilitation, goals set with the therapist",)
CHILD_ADMISSION = ("Child admitted with a parent, settled in bed",)
MATERNITY_ADMISSION = (
    "Admitted to the maternity ward, monitoring started",
    "Admitted with her partner, midwife introduced herself",
)
RESERVATION_OF_INTENSIVE = ("Reserved for after major surgery",)
RESERVATION_OF_REHABILITATION = ("Reserved for transfer to rehabilitation",)
RESERVED_AT_START = ("Bed already reserved when the records began",)
RESERVATION = (
    "Bed reserved for planned admission",
    "Reserved after outpatient clinic",
    "Reserved for theatre list",
)
REBEDDED = ("Bed still in use, planned admission given another one",)
POSTPONED = ("No bed for the planned admission, postponed to another day, patient rung",)
SENT_HOME = ("No bed today, planned admission postponed to another day",)
RESERVED_ANEW = ("Reserved for a planned admission that was postponed",)
NO_BED_YET = ("No bed yet, patient waits in the admission lounge",)
NO_BED_YET_LATE = ("No bed yet, patient waits in the day room",)
NO_BED_AFTER_THEATRE = ("No intensive care bed yet, patient stays in recovery",)
REQUEST_OF_MATERNITY = ("In labour, bed on the maternity ward requested",)
REQUEST_OF_INTENSIVE = ("Intensive care needed, waits in the resuscitation room",)
REQUEST_AFTER_THEATRE = ("Major surgery over, waits in recovery for an intensive care bed",)
REQUEST_OF_PLANNED = ("Here for a planned admission, waits in the admission lounge",)
REQUEST_OF_PLANNED_LATE = ("Here for a planned admission, waits in the day room",)
REQUEST = (
    "Bed needed, patient waits in the emergency department",
    "Decision to admit, bed requested",
)
ALLOCATED = ("Bed found, porter called", "Bed found, handover to the ward under way")
ALLOCATED_ELSEWHERE = ("No bed on {ward} in time, bed found here for now",)
ALLOCATED_TO_MOVE = ("Bed found, move once it is clean",)
REQUESTED_AGAIN = ("Bed not ready in time, another one requested",)
TO_OTHER_INTENSIVE = ("No intensive care bed, goes to another hospital with the retrieval team",)
DIVERSION = ("No bed found in time, patient goes to another hospital",)
OVERRIDE = {
    "clinical_need": "Cannot wait any longer, needs observation on this ward",
    "no_other_bed": "No other bed in the hospital, agreed with the ward",
    "patient_safety": "Unsafe to board in the corridor",
}
OVERRIDE_REVIEW = ("Looked at with the ward, justified", "Discussed in the bed meeting, accepted")
DISCHARGE_CONFIRMED = ("Fit for discharge, letter being written",)
DISCHARGE_CONFIRMED_ON_ROUND = (*DISCHARGE_CONFIRMED, "Discharge confirmed on ward round")
READY = {
    "transport": ("Fit to leave, waiting for transport",),
    "medicines": ("Fit to leave, waiting for medicines from the pharmacy",),
    "care_package": ("Medically fit, waiting for a care package at home",),
    "placement": ("Medically fit, waiting for a place in a care home",),
    "family": ("Fit to leave, waiting for the family to arrange things at home",),
}
CORRECTION = ("Entered in error", "Wrong patient in the system, corrected")
CANCELLATION = (
    "Planned admission cancelled by patient",
    "Theatre list changed, reservation cancelled",
)
NO_SHOW = ("Patient did not arrive, reservation expired",)
TRANSFER = (
    "Moved closer to the nurses station",
    "Moved to another room at the patient's wish",
    "Moved within the ward, bed space needed for equipment",
)
NO_LONGER_INTENSIVE = ("Reviewed by the intensive care doctor, ward care will do",)
NO_LONGER_INTENSIVE_ON_ROUND = ("Reviewed on the round, ward care will do",)
STEP_DOWN_WANTED = ("No longer needs intensive care, bed on a ward requested",)
STEP_DOWN = ("Stepped down from intensive care, handover given",)
REPATRIATION = ("Moved back to the ward of the specialty",)
SIDE_ROOM_WANTED = ("Side room needed for isolation",)
TO_SIDE_ROOM = ("Moved to a side room for isolation",)
OUTLIER = ("Patient of {ward}, looked after by its doctors",)
TO_ONE_SEX = ("Moved, so that men and women share no room",)
FOR_ISOLATION = ("Moved to free a side room for isolation",)
FOR_ANOTHER = ("Moved into a bay, room for one needed for another patient",)
FROM_SIDE_ROOM = ("Isolation over, moved out of the side room",)
INFECTION = {
    "influenza": "Influenza swab positive, isolated",
    "covid_19": "Covid-19 test positive, isolated",
    "norovirus": "Norovirus confirmed, isolated",
    "c_difficile": "Clostridioides difficile toxin positive, isolated",
    "mrsa": "MRSA on screening, isolated",
    "cpe": "CPE on screening, isolated",
    "tuberculosis": "Tuberculosis suspected, isolated",
    "rsv": "RSV swab positive, isolated",
    "": "Neutropenic, protective isolation",
}
ISOLATION_OVER = ("Isolation no longer needed, agreed with infection control",)
CONTACT_CLEARED = ("Contact without symptoms, cleared by infection control",)
OUTBREAK = "Vomiting and diarrhoea in this bay, norovirus suspected, no new patients"
OUTBREAK_CASE = "Norovirus confirmed in the closed bay, nursed there with the others"
OUTBREAK_OVER = "Free of symptoms for 72 hours, bay cleaned and open again"
SURGE = "Surge beds opened, emergency department full"
SURGE_OVER = "Surge bed closed, pressure has eased"
DISCHARGE = (
    "Discharged home with medication",
    "Discharged home, letter sent",
    "Discharged, follow up in clinic in two weeks",
)
TO_LOUNGE = {
    "transport": ("To the discharge lounge, waits for patient transport",),
    "medicines": ("To the discharge lounge, waits for medicines",),
    "family": ("To the discharge lounge, relatives are on their way",),
}
TO_LOUNGE_AT_LAST = ("To the discharge lounge",)
LEFT_LOUNGE = ("Left the discharge lounge",)
DISCHARGE_AFTER = {
    "transport": ("Discharged, collected by patient transport",),
    "medicines": ("Discharged home with medication",),
    "care_package": ("Discharged home with a care package",),
    "family": ("Discharged home, collected by the family",),
}
REVIEW = ("Not fit for discharge yet, expected discharge changed",)
REVIEW_ON_ROUND = (*REVIEW, "Reviewed on ward round, expected discharge changed")
REVIEW_READY = ("Still waiting, expected discharge changed",)
BIRTH = ("Born at term, rooming in with the mother", "Healthy newborn, first feed done")
DEATH = (
    "Patient died, family informed",
    "Patient died, family present, last offices done",
)
CARE_HOME = ("Discharged to a care home",)
OTHER_HOSPITAL = ("Transferred to another hospital by ambulance",)
CLEANING_STARTED = ("Cleaning started", "Housekeeping on the way, cleaning started")
CLEANING_FINISHED = ("Bed clean and made", "Cleaning finished, bed ready")
TERMINAL_CLEANING_FINISHED = ("Terminal cleaning finished, bed ready",)
CLOSURE = {
    "maintenance": "Bed closed, frame under repair",
    "staffing": "Bed closed, not enough staff for this shift",
    "equipment": "Bed closed, oxygen outlet faulty",
}
OPENING = ("Bed open again",)
IN_BED_AT_START = "Already in bed when the records began"
