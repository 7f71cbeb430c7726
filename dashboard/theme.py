"""How things look: one place for colours, signs and sizes.

A status is always told by a sign and a word as well; the colours (after Okabe and Ito) stay apart
for colour-blind eyes, and dark text on the pale ones keeps a contrast above 7:1.
"""

from dataclasses import dataclass
from datetime import timedelta

from lake.vocabulary import DisplayStatus


@dataclass(frozen=True)
class Look:
    sign: str
    word: str
    strong: str
    """For marks: chart areas, borders, signs."""
    pale: str
    """For what lies behind dark text."""


LOOKS = {
    DisplayStatus.AVAILABLE: Look("○", "Available", "#00795a", "#c3efdf"),
    DisplayStatus.RESERVED: Look("◆", "Reserved", "#a8478a", "#f8e6f2"),
    DisplayStatus.OCCUPIED: Look("■", "Occupied", "#0067a8", "#dcebf8"),
    DisplayStatus.DIRTY: Look("▲", "Dirty", "#b06a00", "#fdeccb"),
    DisplayStatus.CLOSED: Look("✕", "Closed", "#5b6470", "#e6e8eb"),
}

INK = "#14202b"

MANUAL = "#8a3800"
AUTOMATIC = "#7c9ab5"
ORIGINS = {"automatic": AUTOMATIC, "manual": MANUAL}

MOVEMENTS = {"admissions": "#0067a8", "discharges": "#00795a", "deaths": "#5b6470"}

LINES = ("#0067a8", "#b06a00", "#00795a", "#a8478a", "#5b6470", "#7a5c00", "#2c8fb0", "#b3261e",
         "#4b5fb0", "#6b8e23", "#8a3800", "#7c9ab5")  # fmt: skip
"""One after the other, where names are not known beforehand."""


LAYERS = {"bronze": "#f3dfc8", "silver": "#e6e8eb", "gold": "#fff3c4"}


@dataclass(frozen=True)
class Thresholds:
    """% occupancy from which a ward counts as busy and as full (NHS planning maximum)."""

    busy: float = 85.0
    full: float = 92.0


NHS = Thresholds()


@dataclass(frozen=True)
class Level:
    sign: str
    word: str
    colour: str


CALM_LEVEL = Level("", "", "#0067a8")
BUSY_LEVEL = Level("△", "busy", "#b06a00")
FULL_LEVEL = Level("▲", "full", "#b3261e")


def occupancy_level(percent: float, limits: Thresholds = NHS) -> Level:
    if percent >= limits.full:
        return FULL_LEVEL
    return BUSY_LEVEL if percent >= limits.busy else CALM_LEVEL


SOON = timedelta(hours=1)


def clock_level(left: timedelta) -> Level:
    """Of a wait that is to end within that time."""
    if left <= timedelta():
        return Level("▲", "over", "#9b1c15")
    return Level("△", "left", "#8a5200") if left < SOON else Level("", "left", "#4a5663")


def words(name: str | None) -> str:
    """`semi_private` as people write it."""
    return (name or "").replace("_", " ")


def _status_styles() -> str:
    return "\n".join(
        f".snr .{status} {{ --strong: {look.strong}; --pale: {look.pale}; }}"
        for status, look in LOOKS.items()
    )


STYLE = f"""
<style>
  .stMainBlockContainer {{ padding: 3.9rem 1.25rem 1rem; max-width: none; }}
  .stVerticalBlock {{ gap: 0.5rem; }}
  /* A page that refreshes itself must neither pale nor jump while it does. */
  [data-stale="true"] {{ opacity: 1 !important; transition: none !important; }}
  [data-testid="stStatusWidget"] {{ display: none; }}

  .stMainBlockContainer [data-testid="stPageLink-NavLink"] {{ background: #c3efdf;
    border: 1px solid #00795a; color: {INK}; }}

  /* Beds to choose from are read down. */
  [class*="-best-"] button, [class*="-best-"] button > div {{ justify-content: flex-start;
    text-align: left; }}

  .snr {{ color: {INK}; font-variant-numeric: tabular-nums; line-height: 1.25; }}
  .snr b, .snr strong {{ font-weight: 650; }}
  .snr .quiet {{ color: #4a5663; }}
  {_status_styles()}

  .snr .ribbon {{ display: flex; gap: 0.5rem; flex-wrap: wrap; font-size: 0.82rem; }}
  .snr .ribbon span {{ background: #fff3c4; border: 1px solid #c79a00; border-radius: 4px;
    padding: 2px 10px; }}
  .st-key-failed_checks [data-testid="stPageLink-NavLink"] {{ background: #fdeccb;
    border: 1px solid #b06a00; border-radius: 4px; padding: 1px 10px; }}
  .st-key-failed_checks [data-testid="stPageLink-NavLink"] p {{ font-size: 0.82rem; }}

  .snr .alarm {{ background: #b3261e; color: #fff; border-radius: 6px; padding: 6px 14px;
    font-size: 1rem; margin: 0.4rem 0 0; }}

  .snr .top {{ display: flex; align-items: stretch; gap: 0.5rem; flex-wrap: wrap; }}
  .snr .top > div {{ border: 1px solid #d3d9df; border-radius: 6px; padding: 4px 12px;
    display: flex; flex-direction: column; justify-content: center; }}
  .snr .top .big {{ font-size: 1.5rem; font-weight: 650; line-height: 1.1; white-space: nowrap; }}
  .snr .top .small {{ font-size: 0.75rem; white-space: nowrap; }}
  .snr .top .count {{ background: var(--pale); border-color: var(--strong); min-width: 6.6rem; }}
  .snr .top .count .sign {{ color: var(--strong); }}
  .snr .top .age {{ margin-left: auto; border-width: 2px; border-color: #00795a; }}
  .snr .top .age.behind {{ border-color: #b06a00; background: #fdeccb; }}
  .snr .top .age.stale {{ border-color: #b3261e; background: #b3261e; color: #fff; }}

  .snr .wards {{ columns: 2 36rem; column-gap: 0.75rem; }}
  .snr .wards.stale {{ filter: grayscale(1); }}
  .snr-whose {{ display: flex; gap: 0.5rem; justify-content: flex-end; align-items: center;
    white-space: nowrap; }}
  .snr-whose button {{ font: inherit; font-size: 0.85rem; padding: 0.15rem 0.6rem; cursor: pointer;
    border: 1px solid #5b6470; border-radius: 6px; background: #fff; color: {INK}; }}
  .snr-whose button:focus-visible {{ outline: 3px solid #0067a8; }}
  .snr-silent [data-testid="stMain"] {{ filter: grayscale(1); opacity: 0.45; }}
  .snr-silent .snr .age {{ visibility: hidden; }}
  #snr-silent {{ position: fixed; inset: 0 0 auto 0; z-index: 999999; margin: 0; padding: 0.8rem;
    background: #b3261e; color: #fff; font-weight: 600; text-align: center; }}
  .snr .ward {{ break-inside: avoid; margin-bottom: 0.6rem; }}
  .snr .ward header {{ display: flex; align-items: center; gap: 0.5rem; font-size: 0.85rem;
    margin-bottom: 3px; white-space: nowrap; }}
  .snr .ward header .name {{ overflow: hidden; text-overflow: ellipsis; }}
  .snr .ward header .bar {{ flex: 1; min-width: 4rem; height: 9px; border-radius: 5px;
    background: #e6e8eb; overflow: hidden; }}
  .snr .ward header .bar i {{ display: block; height: 100%; background: var(--level); }}
  .snr .beds {{ display: grid; gap: 3px; grid-template-columns: repeat(auto-fill,
    minmax(7.75rem, 1fr)); }}
  .snr .bed {{ background: var(--pale); border-left: 4px solid var(--strong); border-radius: 3px;
    padding: 2px 5px 3px; font-size: 0.715rem; min-width: 0; }}
  .snr .bed div {{ display: flex; justify-content: space-between; gap: 4px; white-space: nowrap;
    min-height: 1.2em; }}
  .snr .bed .cut {{ overflow: hidden; text-overflow: ellipsis; }}
  .snr .bed b {{ font-size: 0.78rem; }}
  .snr .bed .sign {{ color: var(--strong); }}
  .snr .bed .late {{ color: #9b1c15; font-weight: 650; }}

  .snr .card {{ border-left: 5px solid var(--strong); background: var(--pale);
    border-radius: 4px; }}
  .snr .card td, .snr .card th {{ border: 0; font-size: 0.9rem; }}
  .snr .card th {{ width: 10rem; }}

  .snr .wait {{ display: flex; gap: 0.3rem 1.1rem; flex-wrap: wrap; font-size: 0.9rem; }}
  .snr .wait .clock {{ color: var(--level); font-weight: 650; }}

  .snr table {{ border-collapse: collapse; width: 100%; font-size: 0.8rem; }}
  .snr th {{ text-align: left; font-weight: 600; border-bottom: 2px solid #aab3bc;
    padding: 3px 8px; white-space: nowrap; }}
  .snr td {{ border-bottom: 1px solid #e1e5e9; padding: 3px 8px; vertical-align: top; }}
  .snr td.details {{ min-width: 25rem; }}
  .snr td.fixed {{ white-space: nowrap; }}
  .snr tr.manual td:first-child {{ border-left: 4px solid {MANUAL}; }}
  .snr tr.manual td {{ background: #fff6ee; }}
  .snr td.number, .snr th.number {{ text-align: right; white-space: nowrap; }}
  .snr tr.failed td {{ background: #fdecea; }}
  .snr tr.failed td:first-child {{ border-left: 4px solid #b3261e; }}
  .snr .failed .word {{ color: #9b1c15; font-weight: 650; }}
  .snr .passed .word {{ color: #00795a; }}
  .snr .good {{ color: #00795a; }}
  .snr .past {{ display: flex; gap: 2px; }}
  .snr .past i {{ width: 7px; height: 16px; border-radius: 1px; background: #7fbfa9; }}
  .snr .past i.failed {{ background: #b3261e; }}
  .snr .tag {{ color: {MANUAL}; font-weight: 650; white-space: nowrap; }}
</style>
"""

NO_FREE_EXPORT = """
<style>
  [data-testid="stElementToolbarButton"]:has([aria-label^="Download as CSV"]) { display: none; }
</style>
"""
"""Where people sign in: a table's own button would take patients away with nobody asked."""
