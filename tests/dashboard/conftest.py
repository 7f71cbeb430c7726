"""A small lake in a folder of its own, and an API that answers what a test wants."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import streamlit as st
from streamlit.components.v2 import manifest_scanner

from lake.places import Places
from tests.dashboard.lake_rows import NOON
from tests.dashboard.played_api import PlayedApi, clock, playing


@pytest.fixture(scope="session", autouse=True)
def components() -> Iterator[None]:
    """Streamlit looks for components in every installed package each time that a test opens a page,
    which takes longer than the page; none comes or goes while tests run."""
    with pytest.MonkeyPatch.context() as patch:
        once = cache(manifest_scanner.scan_component_manifests)
        patch.setattr(manifest_scanner, "scan_component_manifests", once)
        yield


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Places]:
    monkeypatch.setenv("SNR_HOME", str(tmp_path))
    monkeypatch.delenv("SNR_LAKE_URL", raising=False)
    st.cache_resource.clear()
    yield Places(tmp_path, str(tmp_path / "lake"))
    st.cache_resource.clear()


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[PlayedApi]:
    with playing() as played:
        played.answers["GET /clock"] = (200, clock(NOON))
        monkeypatch.setenv("SNR_API_PORT", str(played.port))
        monkeypatch.setenv("SNR_AUTH", "off")
        yield played
