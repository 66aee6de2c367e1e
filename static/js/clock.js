/* <input data-clock>: a time of day, typed as 15, 1530, 15:30 or 15.30; the arrow keys move it by five minutes. */
import { bind } from "./bind.js";

const DAY = 24 * 60;
/* Minutes since midnight as a time of day; what lies behind midnight is the last minute before it. */
export function clockOf(minutes) {
  const within = Math.min(minutes, DAY - 1);
  return [Math.floor(within / 60), within % 60].map((part) => String(part).padStart(2, "0")).join(":");
}

/* The minutes since midnight, null for what is no time of day. */
export function minutesOf(text) {
  const parts = /^(\d{1,2})[:：.时点]?(\d{2})?分?$/.exec(text.trim());
  const minutes = parts ? Number(parts[1]) * 60 + Number(parts[2] || 0) : NaN;
  return minutes < DAY && Number(parts[2] || 0) < 60 ? minutes : null;
}

bind("[data-clock]", (input) => {
  input.addEventListener("change", () => {
    const minutes = minutesOf(input.value);
    if (minutes !== null) input.value = clockOf(minutes);
  });
  input.addEventListener("keydown", (event) => {
    const step = { ArrowUp: 5, ArrowDown: -5 }[event.key];
    const minutes = minutesOf(input.value);
    if (!step || minutes === null) return;
    event.preventDefault();
    input.value = clockOf((Math.round(minutes / 5) * 5 + step + DAY) % DAY);
    input.dispatchEvent(new Event("input", { bubbles: true }));
  });
});
