/* <input data-day>: a day, typed as 2026-11-20, 20261120, 11-20 or 1120 (this year), or picked from the calendar.
   data-day="time": day and time. Beside a field of full width stands the weekday. */
import { bind, load, style } from "./bind.js";

const WEEKDAYS = ["星期日", "星期一", "星期二", "星期三", "星期四", "星期五", "星期六"];

function complete(text) {
  const figures = text.replace(/[年月.\/]/g, "-").replace(/日/g, "").trim();
  const parts = /^(?:(\d{4})-?)?(\d{1,2})-?(\d{1,2})$/.exec(figures);
  if (!parts) return text;
  return [parts[1] || new Date().getFullYear(), parts[2].padStart(2, "0"), parts[3].padStart(2, "0")].join("-");
}

function weekday(input) {
  if (input.dataset.day || input.matches(".short, .mid") || !input.closest(".fr")) return () => {};
  const word = document.createElement("span");
  word.className = "dim nb";
  input.after(word);
  return () => {
    const day = new Date(`${input.value}T00:00`);
    word.textContent = Number.isNaN(day.getTime()) ? "" : WEEKDAYS[day.getDay()];
  };
}

bind("[data-day]", (input) => {
  const withTime = input.dataset.day === "time";
  const tell = weekday(input);
  input.addEventListener("change", () => {
    if (!withTime) input.value = complete(input.value);
    tell();
  });
  document.addEventListener("draft:restored", tell);
  tell();
  style("day-css");
  load("day").then(() => load("day-zh")).then(() => {
    const calendar = window.flatpickr(input, {
      locale: "zh", allowInput: true, clickOpens: true, disableMobile: true, monthSelectorType: "static",
      enableTime: withTime, time_24hr: true, dateFormat: withTime ? "Y-m-d H:i" : "Y-m-d",
    });
    input.addEventListener("keydown", (event) => { if (event.key.length === 1 || event.key === "Enter") calendar.close(); });
  });
});
