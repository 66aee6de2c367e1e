/* The way back to a board. A page with [data-trail="its name"] notes where one stood when following a link in its main part;
   the pages after it then begin their crumb with that name, and it leads back to the same place.
   Whoever takes another way (menu, side bar) has left the trail. */
import { bind, make } from "./bind.js";

const KEY = "trail";
const main = document.getElementById("main");
const here = () => location.pathname + location.search;
const kept = () => { try { return JSON.parse(sessionStorage.getItem(KEY)); } catch (closed) { return null; } };
const keep = (trail) => { try { sessionStorage.setItem(KEY, JSON.stringify(trail)); } catch (closed) { /* no way back */ } };

bind("[data-trail]", (board) => {
  const trail = kept();
  if (trail && trail.back && trail.href === here()) window.scrollTo({ top: trail.top, behavior: "instant" });
  keep(null);
  main.addEventListener("click", (event) => {
    if (event.target.closest("a[href]")) keep({ href: here(), name: board.dataset.trail, top: window.scrollY });
  });
});

const trail = document.querySelector("[data-trail]") ? null : kept();
const crumb = document.querySelector(".crumb");
if (trail && crumb) {
  const link = make("a", { href: trail.href }, trail.name);
  link.addEventListener("click", () => keep({ ...trail, back: true }));
  crumb.prepend(link, crumb.textContent.trim() ? " / " : "");
  document.querySelectorAll(".bar a, .side a").forEach((other) => other.addEventListener("click", () => keep(null)));
}
