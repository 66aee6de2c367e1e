/* Rows of a Django formset that come and go; a row may hold a formset of its own.
   <div data-rows="PREFIX" [data-rows-grow]> holds the management form, [data-rows-body] with one [data-row] a form,
   <template data-row-empty> with the formset's empty form, and [data-row-add]. A row may hold [data-row-remove] (the row
   is hidden and its hidden input PREFIX-n-DELETE, the first in it, is set), [data-row-no="1"] (gets its number, counted
   from there). data-rows-grow: a new row comes as soon as something is put into the last one; the last one stays.
   A container with one row left says so as data-rows-single. Formset: can_delete=True. */
import { announce, bind } from "./bind.js";

const isOwn = (container) => (part) => part.closest("[data-rows]") === container;
const own = (container, selector) => Array.from(container.querySelectorAll(selector)).filter(isOwn(container));
const totalOf = (container) => container.querySelector(`[name="${container.dataset.rows}-TOTAL_FORMS"]`);
const shownRows = (container) => own(container, "[data-row]").filter((row) => !row.hidden);
const deletion = (row) => row.querySelector("input[name$='-DELETE']");

function refresh(container) {
  own(container, "[data-row]").forEach((row) => {
    const gone = deletion(row);
    row.hidden = Boolean(gone && gone.value && gone.value !== "False");
  });
  const rows = shownRows(container);
  container.toggleAttribute("data-rows-single", rows.length < 2);
  rows.forEach((row, index) => own(container, "[data-row-no]").filter((place) => row.contains(place)).forEach((place) => {
    place.textContent = index + Number(place.dataset.rowNo || 1);
  }));
}

function focusIn(row) {
  const field = row && row.querySelector("input:not([type=hidden]), select, textarea");
  if (field) field.focus();
}

export function addRow(container) {
  const total = totalOf(container);
  const prefix = container.dataset.rows;
  const holder = document.createElement("template");
  holder.innerHTML = own(container, "[data-row-empty]")[0].innerHTML.split(`${prefix}-__prefix__`).join(`${prefix}-${total.value}`);
  const row = holder.content.querySelector("[data-row]");
  own(container, "[data-rows-body]")[0].append(row);
  total.value = Number(total.value) + 1;
  refresh(container);
  announce(row);
  return row;
}

export function removeRow(row) {
  const container = row.parentElement.closest("[data-rows]");
  deletion(row).value = "on";
  row.querySelectorAll("[required]").forEach((field) => { field.required = false; });
  refresh(container);
  container.dispatchEvent(new Event("change", { bubbles: true }));
}

/* As many rows as a draft had; those inside a row come after it. */
export function growTo(form, totals) {
  for (let at = 0, found; (found = form.querySelectorAll("[data-rows]")), at < found.length; at += 1) {
    const wanted = Number(totals[`${found[at].dataset.rows}-TOTAL_FORMS`] || 0);
    while (Number(totalOf(found[at]).value) < wanted) addRow(found[at]);
  }
}

bind("[data-rows]", (container) => {
  container.addEventListener("click", (event) => {
    const button = event.target.closest("[data-row-remove], [data-row-add]");
    if (!button || !isOwn(container)(button)) return;
    if (button.matches("[data-row-add]")) { focusIn(addRow(container)); return; }
    const row = button.closest("[data-row]");
    const at = shownRows(container).indexOf(row);
    removeRow(row);
    focusIn(shownRows(container)[at] || shownRows(container).pop());
  });
  if (container.hasAttribute("data-rows-grow")) container.addEventListener("input", (event) => {
    const last = shownRows(container).pop();
    if (event.target.value && last && last.contains(event.target)) addRow(container);
  });
  document.addEventListener("draft:restored", () => refresh(container));
  refresh(container);
});
