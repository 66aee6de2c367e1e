/* Which parts an activity has, and when.
   <section data-segments data-segments-minutes='{"study": 30}'> holds tick boxes (value = kind) and one [data-rows].
   Ticking a kind that is named in data-segments-minutes adds a row of that length after the last one; unticking takes
   away the rows of that kind. A row holds [data-segment-kind] (select or hidden input), [data-segment-start],
   [data-segment-end], [data-segment-minutes] (gets the length; an hour of study is 60 minutes).
   The first row starts at the form's [data-segments-from]; a row that is added moves [data-segments-until] along when it
   ends later. Each row says its kind as data-kind. */
import { bind } from "./bind.js";
import { clockOf, minutesOf } from "./clock.js";
import { addRow, removeRow } from "./rows.js";

bind("[data-segments]", (section) => {
  const lengths = JSON.parse(section.dataset.segmentsMinutes || "{}");
  const container = section.querySelector("[data-rows]");
  const rows = () => Array.from(section.querySelectorAll("[data-row]")).filter((row) => !row.hidden);
  const kindOf = (row) => row.querySelector("[data-segment-kind]");

  const measure = () => {
    container.hidden = !rows().length;
    rows().forEach(measureRow);
  };
  const measureRow = (row) => {
    row.dataset.kind = kindOf(row).value;
    const place = row.querySelector("[data-segment-minutes]");
    const start = minutesOf(row.querySelector("[data-segment-start]").value);
    const end = minutesOf(row.querySelector("[data-segment-end]").value);
    if (place) place.textContent = start === null || end === null || end <= start ? "—" : end - start;
  };

  const add = (kind) => {
    const last = rows().pop();
    const from = document.querySelector("[data-segments-from]");
    const start = minutesOf(last ? last.querySelector("[data-segment-end]").value : from ? from.value : "");
    const row = addRow(container);
    kindOf(row).value = kind;
    if (start === null) return;
    row.querySelector("[data-segment-start]").value = clockOf(start);
    row.querySelector("[data-segment-end]").value = clockOf(start + lengths[kind]);
    const until = document.querySelector("[data-segments-until]");
    if (until && minutesOf(until.value) < start + lengths[kind]) until.value = clockOf(start + lengths[kind]);
  };

  section.addEventListener("change", (event) => {
    const box = event.target;
    if (box.type === "checkbox" && box.value in lengths) {
      const same = rows().filter((row) => kindOf(row).value === box.value);
      if (box.checked && !same.length) add(box.value);
      if (!box.checked) same.forEach(removeRow);
    }
    measure();
  });
  section.addEventListener("input", measure);
  section.addEventListener("click", () => setTimeout(measure, 0));
  document.addEventListener("draft:restored", measure);
  measure();
});
