/* The frame: drawer on narrow screens, menus that close by themselves, print, the present step of a track.
   data-drawer="id" · <details data-drop> · data-print · data-print-now · data-track */
import { bind } from "./bind.js";

/* What floats over the page closes by a click elsewhere, and by Esc, which gives the focus back to what opened it. */
function closeBeside(floating, opener, isOpen, close) {
  document.addEventListener("click", (event) => { if (!floating.contains(event.target)) close(); });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !isOpen()) return;
    close();
    opener.focus();
  });
}

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
  closeBeside(drawer, button, () => drawer.classList.contains("is-open"), () => turn(false));
});

bind("[data-drop]", (menu) => closeBeside(menu, menu.querySelector("summary"), () => menu.open, () => { menu.open = false; }));

bind("[data-print]", (button) => button.addEventListener("click", () => window.print()));
bind("[data-print-now]", () => window.addEventListener("load", () => window.print()));

/* What is wider than the screen can be reached, and moved, by keyboard. */
bind(".table-wrap, .track", (wide) => { if (wide.scrollWidth > wide.clientWidth) wide.tabIndex = 0; });

bind("[data-track]", (track) => {
  const now = track.querySelector(".now");
  if (now) track.scrollLeft = now.offsetLeft - (track.clientWidth - now.offsetWidth) / 2;
});
