"""What hospital.toml says of the hospital: whom its wards take, its age groups, what beds have."""

from fastapi import APIRouter
from fastapi.responses import Response

from simulator.api.answers import json_of
from simulator.api.call import Call, CallRoute
from simulator.api.problems import PROBLEMS
from simulator.plan import Ward
from simulator.wire import answers as w

router = APIRouter(tags=["wards and rooms"], responses=PROBLEMS, route_class=CallRoute)


@router.get("/hospital", response_model=w.Hospital)
async def hospital(call: Call) -> Response:
    """What was decided for the whole house; it changes with a restart only."""
    plan = call.desk.plan
    return json_of(
        w.Hospital(
            hospital_id=plan.hospital_id,
            name=plan.name,
            time_zone=plan.time_zone,
            age_groups=w.AgeGroups.model_validate(plan.age_groups.model_dump()),
            features=tuple(sorted(plan.house.features)),
            lounge_places=plan.house.lounge_places,
            wards=[_takes(ward) for ward in plan.wards],
        )
    )


def _takes(ward: Ward) -> w.WardTakes:
    profile = ward.profile
    return w.WardTakes(
        ward_id=ward.ward_id,
        age_groups=tuple(sorted(profile.age_groups)),
        sexes=tuple(sorted(profile.sexes)),
        admission_types=tuple(sorted(profile.admission_types)),
        specialties=tuple(sorted(profile.specialties)),
        levels_of_care=tuple(sorted(profile.levels_of_care)),
        usual_stay_days=ward.stay_days[0],
    )
