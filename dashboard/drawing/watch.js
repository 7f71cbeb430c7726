// The page's own watch over who is at it: locks it when nobody has touched it for a quarter of an
// hour, or with F8; and leaves it once the session has ended, was locked, or is another one's.
(() => {
  const IDLE_MS = 15 * 60_000;
  const LOOK_MS = 2_000;
  const TOUCH_MS = 60_000;
  if (window.snrWatch) return;
  let touched = Date.now();
  let told = 0;
  let session = null;
  const send = (path) => fetch(path, { method: "POST", credentials: "same-origin" });
  const leave = () => location.replace(`/sign-in?next=${encodeURIComponent(location.pathname)}`);
  const lock = async () => {
    document.body.replaceChildren();
    try {
      await send("/session/lock");
    } finally {
      leave();
    }
  };
  const touch = () => {
    touched = Date.now();
  };
  const look = async () => {
    if (Date.now() - touched > IDLE_MS) return lock();
    if (touched > told && Date.now() - told > TOUCH_MS) {
      told = Date.now();
      send("/session/touch").catch(() => {});
    }
    let answer;
    try {
      answer = await fetch("/session", { credentials: "same-origin", cache: "no-store" });
    } catch {
      return; // the server is away: pulse.js says so
    }
    if (answer.status === 401) return leave();
    if (!answer.ok) return; // too many ask: the next look will tell
    const { session_id: now } = await answer.json();
    session ??= now;
    if (now !== session) location.reload();
  };
  for (const what of ["pointerdown", "keydown", "wheel", "touchstart"]) {
    addEventListener(what, touch, { capture: true, passive: true });
  }
  addEventListener("keydown", (pressed) => {
    if (pressed.key === "F8") lock();
  });
  addEventListener("pageshow", (shown) => {
    if (shown.persisted) location.reload(); // nothing of whoever was here before
  });
  document.addEventListener("click", (clicked) => {
    const asked = clicked.target.closest?.("[data-snr]")?.dataset.snr;
    if (asked === "lock") lock();
    if (asked === "end") send("/session/end").finally(() => location.replace("/sign-in"));
  });
  window.snrWatch = setInterval(look, LOOK_MS);
})();
