/* Results: a toast for what was done goes by itself, one for what failed stays until it is closed.
   The server's messages stand in [data-toasts]; an htmx answer may send HX-Trigger {"toast": {"text": …, "tone": …}}. */
import { bind, icon } from "./bind.js";

const SHOWN = 6000;
const DRAWINGS = { error: "exclamation-octagon-fill", warning: "exclamation-triangle-fill", info: "info-circle-fill" };
const CLASSES = { error: "is-late", warning: "is-warn", info: "is-info" };

export function show(text, tone) {
  const card = document.createElement("div");
  card.className = `toast-card ${CLASSES[tone] || ""}`;
  card.dataset.toast = tone || "success";
  const words = document.createElement("span");
  words.textContent = text;
  const close = document.createElement("button");
  close.type = "button";
  close.className = "btn-close";
  close.dataset.toastClose = "";
  close.setAttribute("aria-label", "收起");
  card.append(icon(DRAWINGS[tone] || "check-circle-fill"), words, close);
  const shown = Array.from(document.querySelectorAll("[data-toast] > span"));
  if (shown.some((other) => other.textContent === text)) return;
  document.querySelector("[data-toasts]").append(card);
  begin(card);
}

function begin(card) {
  card.querySelector("[data-toast-close]").addEventListener("click", () => card.remove());
  if (card.dataset.toast !== "error" && card.dataset.toast !== "warning") setTimeout(() => card.remove(), SHOWN);
}

bind("[data-toasts] > [data-toast]", begin);
document.addEventListener("toast", (event) => show(event.detail.text, event.detail.tone));
