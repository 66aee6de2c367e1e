/* The frame: drawer on narrow screens, menus that close by themselves, print, the present step of a track.
   data-drawer="id" · <details data-drop> · data-print · data-print-now · data-track */
import { bind } from "./bind.js";

bind("[data-drawer]", (button) => {
  const drawer = document.getElementById(button.dataset.drawer);
  if (!drawer) {
    button.hidden = true;
    return;
  }
  const turn = (open) => {
    drawer.classList.toggle("is-open", open);
    button.setAttribute("aria-expanded", String(open));
  };
  button.addEventListener("click", (event) => {
    event.stopPropagation();
    turn(!drawer.classList.contains("is-open"));
  });
  document.addEventListener("click", (event) => { if (!drawer.contains(event.target)) turn(false); });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !drawer.classList.contains("is-open")) return;
    turn(false);
    button.focus();
  });
});

bind("[data-drop]", (menu) => {
  document.addEventListener("click", (event) => { if (!menu.contains(event.target)) menu.open = false; });
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
});

bind("[data-print]", (button) => button.addEventListener("click", () => window.print()));
bind("[data-print-now]", () => window.addEventListener("load", () => window.print()));

bind("[data-track]", (track) => {
  const now = track.querySelector(".now");
  if (now) track.scrollLeft = now.offsetLeft - (track.clientWidth - now.offsetWidth) / 2;
});
