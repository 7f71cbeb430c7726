"""Where things lie, and folders that cannot hold a lake."""

from pathlib import Path

import pytest

from lake.errors import LakeError
from lake.places import Places, PlaceSettings


@pytest.mark.parametrize("name", ["a%50b", "[wards]"])
def test_a_folder_whose_name_would_be_misread_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(LakeError, match="misreads its name") as refused:
        Places.from_settings(PlaceSettings(home=tmp_path / name, lake_url=""))

    assert "SNR_HOME" in refused.value.fix


def test_a_percent_sign_alone_is_a_name_like_any_other(tmp_path: Path) -> None:
    home = tmp_path / "50 % full"

    assert Places.from_settings(PlaceSettings(home=home, lake_url="")).home == home


@pytest.mark.parametrize("url", ["{}/lake elsewhere", "file://{}/lake%20elsewhere"])
def test_a_lake_elsewhere_on_the_disk_is_local_however_it_is_written(
    tmp_path: Path, url: str
) -> None:
    places = Places.from_settings(PlaceSettings(home=tmp_path, lake_url=url.format(tmp_path)))
    assert (places.lake_url, places.is_local) == (str(tmp_path / "lake elsewhere"), True)


def test_a_lake_in_object_storage_is_not_local(tmp_path: Path) -> None:
    places = Places.from_settings(PlaceSettings(home=tmp_path, lake_url="s3://beds/lake"))
    assert (places.lake_url, places.is_local) == ("s3://beds/lake", False)
