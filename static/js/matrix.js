/* <table data-matrix> of [data-cell] links: the chosen one is framed and stands in sight, the arrow keys go from cell to cell. */
import { bind } from "./bind.js";

const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

bind("[data-matrix]", (table) => {
  const now = table.querySelector(".picked") || table.querySelector(".now-col");
  if (now) {
    const [cell, frame] = [now.closest("td, th"), table.parentNode];
    const name = table.querySelector(".name").offsetWidth; // it stays in its place
    frame.scrollLeft = cell.offsetLeft + cell.offsetWidth / 2 - (frame.clientWidth + name) / 2;
  }
  table.addEventListener("click", (event) => {
    const chosen = event.target.closest("[data-cell]");
    if (!chosen) return;
    table.querySelectorAll(".picked").forEach((cell) => {
      cell.classList.remove("picked");
      cell.removeAttribute("aria-current");
    });
    chosen.classList.add("picked");
    chosen.setAttribute("aria-current", "true");
  });
  table.addEventListener("keydown", (event) => {
    const step = STEPS[event.key];
    const cell = event.target.closest("[data-cell]");
    if (!step || !cell) return;
    const column = cell.closest("td").cellIndex + step[0];
    const row = table.rows[cell.closest("tr").rowIndex + step[1]];
    const next = row && row.cells[column] && row.cells[column].querySelector("[data-cell]");
    if (!next) return;
    event.preventDefault();
    next.focus();
  });
});
