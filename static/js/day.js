/* <input data-day>: a day, typed as 2026-11-20, 20261120, 11-20 or 1120 (this year), or picked from the calendar.
   data-day="time": day and time. Beside a field of full width stands the weekday. A modal dialog covers the page, so its
   calendar is a part of it, and opens when it is asked for (a click, the arrow down), not over the next field. */
import { bind, load, make, style } from "./bind.js";

const WEEKDAYS = ["星期日", "星期一", "星期二", "星期三", "星期四", "星期五", "星期六"];

function complete(text) {
  const figures = text.replace(/[年月.\/]/g, "-").replace(/日/g, "").trim();
  const parts = /^(?:(\d{4})-?)?(\d{1,2})-?(\d{1,2})$/.exec(figures);
  if (!parts) return text;
  return [parts[1] || new Date().getFullYear(), parts[2].padStart(2, "0"), parts[3].padStart(2, "0")].join("-");
}

function weekday(input) {
  if (input.dataset.day || input.matches(".short, .mid") || !input.closest(".fr")) return () => {};
  const word = make("span", { className: "dim nb" });
  input.after(word);
  return () => {
    const day = new Date(`${input.value}T00:00`);
    word.textContent = Number.isNaN(day.getTime()) ? "" : WEEKDAYS[day.getDay()];
  };
}

/* The calendar makes 14 February of a 45th of the 13th month: such a day is none, and what was typed stays to be mended. */
function real(text, format) {
  const { parseDate, formatDate } = window.flatpickr;
  const day = parseDate(text, format);
  return day && formatDate(day, "Y-m-d") === text.trim().slice(0, 10) ? day : undefined;
}

function below(calendar) {
  const [field, sheet] = [calendar.input.getBoundingClientRect(), calendar.calendarContainer];
  const isRoom = field.bottom + sheet.offsetHeight < window.innerHeight;
  sheet.style.top = `${isRoom ? field.bottom + 2 : Math.max(2, field.top - sheet.offsetHeight - 2)}px`;
  sheet.style.left = `${Math.max(2, Math.min(field.left, window.innerWidth - sheet.offsetWidth - 2))}px`;
}

bind("[data-day]", (input) => {
  const dialog = input.closest("dialog:not(.in-page)");
  const withTime = input.dataset.day === "time";
  const tell = weekday(input);
  input.addEventListener("change", () => {
    if (!withTime) input.value = complete(input.value);
    tell();
  });
  const keep = () => {
    const typed = input.value;
    setTimeout(() => { if (!input.value) input.value = typed; });
  };
  input.addEventListener("blur", keep);
  input.addEventListener("keydown", (event) => { if (event.key === "Enter") keep(); });
  document.addEventListener("draft:restored", tell);
  tell();
  style("day-css");
  load("day").then(() => load("day-zh")).then(() => {
    const calendar = window.flatpickr(input, {
      locale: "zh", allowInput: true, clickOpens: !dialog, ...(dialog ? { appendTo: dialog, position: below } : {}), disableMobile: true, monthSelectorType: "static",
      enableTime: withTime, time_24hr: true, dateFormat: withTime ? "Y-m-d H:i" : "Y-m-d", parseDate: real, errorHandler: () => {},
    });
    if (dialog) {
      input.addEventListener("click", () => calendar.open());
      input.addEventListener("keydown", (event) => { if (event.key === "ArrowDown") calendar.open(); });
    }
    input.addEventListener("keydown", (event) => { if (event.key.length === 1 || event.key === "Enter") calendar.close(); });
  });
});
