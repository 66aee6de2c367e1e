/* Papers at the window. <table data-materials> of <tr data-material>, each with radio inputs material-<id>; the row with
   the cursor is framed: 1, 2, 3 choose and go on, Enter and the arrows walk. [data-materials-count] of the form says
   how many there are of each, in the words of the radio labels' data-word. The last row goes on to the form's [data-after]. */
import { bind } from "./bind.js";

bind("[data-materials]", (table) => {
  const rows = Array.from(table.querySelectorAll("[data-material]"));
  const radios = (row) => Array.from(row.querySelectorAll("input[type=radio]"));
  const root = table.closest("form") || document;
  const go = (row) => {
    if (!row) {
      const after = root.querySelector("[data-after]");
      if (after) after.focus();
      return;
    }
    const chosen = radios(row).find((radio) => radio.checked) || radios(row)[0];
    chosen.focus();
  };
  const count = () => {
    const tally = new Map();
    rows.forEach((row) => {
      const chosen = radios(row).find((radio) => radio.checked);
      const word = chosen ? chosen.dataset.word : "待看";
      tally.set(word, (tally.get(word) || 0) + 1);
      row.dataset.mark = chosen ? chosen.value : "";
    });
    const words = Array.from(tally, ([word, times]) => `${times}${word}`).join("，");
    root.querySelectorAll("[data-materials-count]").forEach((place) => { place.textContent = words; });
  };
  table.addEventListener("focusin", (event) => {
    rows.forEach((row) => row.classList.toggle("at", row.contains(event.target)));
  });
  table.addEventListener("focusout", (event) => {
    if (!table.contains(event.relatedTarget)) rows.forEach((row) => row.classList.remove("at"));
  });
  table.addEventListener("change", count);
  table.addEventListener("keydown", (event) => {
    const row = event.target.closest("[data-material]");
    const at = rows.indexOf(row);
    const radio = radios(row)[Number(event.key) - 1];
    if (radio) {
      radio.checked = true;
      radio.dispatchEvent(new Event("change", { bubbles: true }));
      go(rows[at + 1]);
    } else if (event.key === "Enter" || event.key === "ArrowDown") go(rows[at + 1]);
    else if (event.key === "ArrowUp") { if (rows[at - 1]) go(rows[at - 1]); } else return;
    event.preventDefault();
  });
  document.addEventListener("draft:restored", count);
  count();
});
