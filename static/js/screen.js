/* <main data-screen>: pages that a presenter's keys turn (1–9 go to one, f fills the screen), asked for anew every minute.
   Away from the server, or signed out, the last data stay and the footer says so. data-turn: seconds until it turns by
   itself. <a data-go="index"> turns too. */
import { bind } from "./bind.js";

const STEPS = { ArrowRight: 1, ArrowDown: 1, PageDown: 1, " ": 1, ArrowLeft: -1, ArrowUp: -1, PageUp: -1 };

bind("[data-screen]", (screen) => {
  const pages = () => Array.from(screen.querySelectorAll("[data-page]"));
  const at = () => pages().findIndex((page) => page.classList.contains("is-on"));
  const show = (to) => {
    const next = (to + pages().length) % pages().length;
    pages().forEach((page, index) => page.classList.toggle("is-on", index === next));
    const address = new URL(location.href);
    address.searchParams.set("page", next + 1);
    history.replaceState(history.state, "", address);
  };
  const refresh = async () => {
    const slow = new AbortController();
    setTimeout(() => slow.abort(), 20000);
    const [status, text] = await fetch(location.href, { headers: { "HX-Request": "true" }, signal: slow.signal }).then(async (answer) => [answer.status, await answer.text()]).catch(() => [0, ""]);
    const [now, ended] = [at(), [204, 401, 403].includes(status)];
    if (status === 200 && now >= 0) { screen.innerHTML = text; show(now); }
    screen.classList.toggle("is-ended", ended);
    screen.classList.toggle("is-away", status !== 200 && !ended);
    setTimeout(refresh, status === 200 ? 60000 : 10000);
  };
  setTimeout(refresh, 60000);
  if (screen.dataset.turn) setInterval(() => show(at() + 1), screen.dataset.turn * 1000);
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || document.querySelector("dialog[open]")) return;
    const to = STEPS[event.key] ? at() + STEPS[event.key] : Number(event.key) - 1;
    if (event.key === "f") document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen();
    else if (STEPS[event.key] || pages()[to]) { event.preventDefault(); show(to); }
  });
  screen.addEventListener("click", (event) => {
    const link = event.target.closest("[data-go]");
    if (link) { event.preventDefault(); show(Number(link.dataset.go)); }
  });
});
