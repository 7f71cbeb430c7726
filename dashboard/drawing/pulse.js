// The page's own watch: when the server has been silent for a while, what is shown is old, and the
// page says so without it. The server writes another `data-beat` every few seconds.
(() => {
  const SILENT_AFTER_MS = 45_000;
  if (window.snrPulse) return;
  const banner = document.createElement("p");
  banner.id = "snr-silent";
  banner.setAttribute("role", "alert");
  let beat = null;
  let since = Date.now();
  const look = () => {
    const newest = document.querySelector("[data-beat]")?.dataset.beat ?? null;
    if (newest !== beat) {
      beat = newest;
      since = Date.now();
    }
    const isSilent = Date.now() - since > SILENT_AFTER_MS;
    document.body.classList.toggle("snr-silent", isSilent);
    if (!isSilent) {
      banner.remove();
    } else if (!banner.isConnected) {
      const at = new Date(since).toLocaleTimeString();
      banner.textContent =
        `No answer from the server since ${at}. What is shown is old: ` +
        "check a bed on the ward before you rely on it.";
      document.body.append(banner);
    }
  };
  window.snrPulse = setInterval(look, 1_000);
  document.addEventListener("visibilitychange", look);
})();
