/* Rows of a ledger that are ticked: [data-select] holds [data-select-all] and [data-select-row] (value = id).
   The form [data-bulk] shows itself when something is ticked, says how many in [data-bulk-count], and is sent with
   one hidden input `pick` for each; [data-bulk-clear] lets all go. */
import { bind } from "./bind.js";

bind("[data-select]", (table) => {
  const bulk = document.querySelector("[data-bulk]");
  const all = table.querySelector("[data-select-all]");
  const rows = Array.from(table.querySelectorAll("[data-select-row]"));
  const refresh = () => {
    const ticked = rows.filter((box) => box.checked);
    rows.forEach((box) => box.closest("tr").setAttribute("aria-selected", String(box.checked)));
    if (all) Object.assign(all, { checked: ticked.length > 0 && ticked.length === rows.length, indeterminate: ticked.length > 0 && ticked.length < rows.length });
    if (!bulk) return;
    bulk.hidden = ticked.length === 0;
    bulk.querySelector("[data-bulk-count]").textContent = ticked.length;
    bulk.querySelectorAll("input[name=pick]").forEach((input) => input.remove());
    ticked.forEach((box) => {
      bulk.append(Object.assign(document.createElement("input"), { type: "hidden", name: "pick", value: box.value }));
    });
  };
  const turn = (on) => {
    rows.forEach((box) => { box.checked = on; });
    refresh();
  };
  table.addEventListener("change", (event) => { if (event.target === all) turn(all.checked); else refresh(); });
  if (bulk) bulk.querySelectorAll("[data-bulk-clear]").forEach((button) => button.addEventListener("click", () => turn(false)));
  refresh();
});
