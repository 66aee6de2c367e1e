/* Rows of a Django formset that come and go.
   <div data-rows="PREFIX" [data-rows-grow]> holds the management form, [data-rows-body] with one [data-row] a form,
   <template data-row-empty> with the formset's empty form, and [data-row-add]. A row may hold [data-row-remove] (the row
   is hidden and its hidden input PREFIX-n-DELETE set), [data-row-no] (gets its number).
   data-rows-grow: a new row comes as soon as something is put into the last one. Formset: can_delete=True. */
import { announce, bind } from "./bind.js";

function totalOf(container) {
  return container.querySelector(`[name="${container.dataset.rows}-TOTAL_FORMS"]`);
}

function shownRows(container) {
  return Array.from(container.querySelectorAll("[data-row]")).filter((row) => !row.hidden);
}

function deletion(row) {
  return row.querySelector("input[name$='-DELETE']");
}

function refresh(container) {
  container.querySelectorAll("[data-row]").forEach((row) => {
    const gone = deletion(row);
    row.hidden = Boolean(gone && gone.value && gone.value !== "False");
  });
  shownRows(container).forEach((row, index) => {
    row.querySelectorAll("[data-row-no]").forEach((place) => { place.textContent = index + 1; });
  });
}

export function addRow(container) {
  const total = totalOf(container);
  const holder = document.createElement("template");
  holder.innerHTML = container.querySelector("[data-row-empty]").innerHTML.replace(/__prefix__/g, total.value);
  const row = holder.content.querySelector("[data-row]");
  container.querySelector("[data-rows-body]").append(row);
  total.value = Number(total.value) + 1;
  refresh(container);
  announce(row);
  return row;
}

export function removeRow(row) {
  const container = row.closest("[data-rows]");
  deletion(row).value = "on";
  row.querySelectorAll("[required]").forEach((field) => { field.required = false; });
  refresh(container);
  container.dispatchEvent(new Event("change", { bubbles: true }));
}

/* As many rows as a draft had. */
export function growTo(form, totals) {
  form.querySelectorAll("[data-rows]").forEach((container) => {
    const wanted = Number(totals[`${container.dataset.rows}-TOTAL_FORMS`] || 0);
    while (Number(totalOf(container).value) < wanted) addRow(container);
  });
}

bind("[data-rows]", (container) => {
  container.addEventListener("click", (event) => {
    const remove = event.target.closest("[data-row-remove]");
    if (remove) removeRow(remove.closest("[data-row]"));
    if (!event.target.closest("[data-row-add]")) return;
    const field = addRow(container).querySelector("input:not([type=hidden]), select, textarea");
    if (field) field.focus();
  });
  if (container.hasAttribute("data-rows-grow")) container.addEventListener("input", (event) => {
    const rows = shownRows(container);
    if (event.target.value && event.target.closest("[data-row]") === rows[rows.length - 1]) addRow(container);
  });
  document.addEventListener("draft:restored", () => refresh(container));
  refresh(container);
});
