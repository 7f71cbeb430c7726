"""What the dashboard is told from outside."""

from pydantic import Field, SecretStr

from dashboard.theme import Thresholds
from lake.auth import Auth
from lake.reach import Reach


class DashboardSettings(Reach):
    """`SNR_API_PORT`, `SNR_DASHBOARD_PORT`, `SNR_AUTH`; `SNR_DASHBOARD_TOKEN`: for what is asked in
    nobody's name, where people sign in (`up` sets it). What to measure wards by:
    `SNR_BUSY_PERCENT`, `SNR_FULL_PERCENT`, `SNR_RESPONSE_GOAL_MINUTES`, `SNR_CLEAN_GOAL_MINUTES`,
    `SNR_TURN_GOAL_MINUTES`."""

    api_port: int = 8000
    dashboard_port: int = 8501
    dashboard_token: SecretStr = SecretStr("")
    busy_percent: float = Field(default=Thresholds.busy, gt=0)
    full_percent: float = Field(default=Thresholds.full, gt=0)
    response_goal_minutes: float = Field(default=30.0, gt=0)
    clean_goal_minutes: float = Field(default=30.0, gt=0)
    turn_goal_minutes: float = Field(default=60.0, gt=0)

    @property
    def api_url(self) -> str:
        return f"http://127.0.0.1:{self.api_port}"

    @property
    def asks_who(self) -> bool:
        """Whether people sign in."""
        return self.auth is Auth.ON

    @property
    def session_cookie(self) -> str:
        return self._cookie("session")

    @property
    def device_cookie(self) -> str:
        return self._cookie("device")

    def _cookie(self, what: str) -> str:
        """With TLS browsers hold to what the name begins with: of this host alone. Without it, of
        this port: they send cookies to every port of a machine."""
        return f"__Host-snr_{what}" if self.is_public else f"snr_{what}_{self.dashboard_port}"

    @property
    def thresholds(self) -> Thresholds:
        return Thresholds(self.busy_percent, self.full_percent)

    @property
    def turnaround_goals(self) -> dict[str, float]:
        """As the question `turnaround_by_ward` names them."""
        return {
            "response_goal": self.response_goal_minutes,
            "clean_goal": self.clean_goal_minutes,
            "turn_goal": self.turn_goal_minutes,
        }
