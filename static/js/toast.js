/* Results: a toast for what was done goes by itself, one for what failed stays until it is closed.
   The server's messages stand in [data-toasts]; an htmx answer may send HX-Trigger {"toast": {"text": …, "tone": …}}. */
import { bind, icon, make } from "./bind.js";

const SHOWN = 6000;
const DRAWINGS = { error: "exclamation-octagon-fill", warning: "exclamation-triangle-fill", info: "info-circle-fill" };
const CLASSES = { error: "is-late", warning: "is-warn", info: "is-info" };

export function show(text, tone) {
  const shown = Array.from(document.querySelectorAll("[data-toast] > span"));
  if (shown.some((other) => other.textContent === text)) return;
  const close = make("button", { type: "button", className: "btn-close", ariaLabel: "收起" });
  close.dataset.toastClose = "";
  const drawing = icon(DRAWINGS[tone] || "check-circle-fill");
  const card = make("div", { className: `toast-card ${CLASSES[tone] || ""}` }, drawing, make("span", {}, text), close);
  card.dataset.toast = tone || "success";
  document.querySelector("[data-toasts]").append(card);
  begin(card);
}

function begin(card) {
  card.querySelector("[data-toast-close]").addEventListener("click", () => card.remove());
  if (card.dataset.toast !== "error" && card.dataset.toast !== "warning") setTimeout(() => card.remove(), SHOWN);
}

bind("[data-toasts] > [data-toast]", begin);
document.addEventListener("toast", (event) => show(event.detail.text, event.detail.tone));
