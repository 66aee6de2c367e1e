/* <form data-seek>: the search of the whole portal. After two characters it asks by itself (htmx, "seek") and what is
   found stands in its hx-target. Arrows walk the lines, Enter opens one, Esc goes back to the field. A target that was
   hidden floats over the page: it closes with Esc, or when the focus goes elsewhere. */
import { bind } from "./bind.js";

bind("[data-seek]", (form) => {
  const text = form.querySelector("input[type=search]");
  const target = document.querySelector(form.getAttribute("hx-target"));
  const floats = target.hidden;
  let asked = text.value.trim();

  const seek = () => {
    const typed = text.value.trim();
    if (typed === asked) return;
    asked = typed;
    if (typed.length > 1) window.htmx.trigger(form, "seek");
    else if (floats) target.hidden = true;
  };
  text.addEventListener("input", (event) => { if (!event.isComposing) seek(); });
  text.addEventListener("compositionend", seek);
  text.addEventListener("focus", () => { if (floats && target.children.length && text.value.trim().length > 1) target.hidden = false; });
  form.addEventListener("submit", (event) => { if (!text.value.trim()) event.preventDefault(); });
  target.addEventListener("htmx:afterSwap", () => { if (floats) target.hidden = text.value.trim().length < 2; });

  const walk = (event) => {
    if (event.isComposing || !["ArrowDown", "ArrowUp", "Escape"].includes(event.key) || (floats && target.hidden)) return;
    const stops = [text, ...target.querySelectorAll(".rows a[href]")];
    const at = stops.indexOf(document.activeElement);
    if (at < 0) return;
    event.preventDefault();
    if (event.key === "Escape") {
      if (at === 0 && floats) target.hidden = true; else text.focus();
    } else {
      stops[(at + (event.key === "ArrowDown" ? 1 : stops.length - 1)) % stops.length].focus();
    }
  };
  (form.contains(target) ? [form] : [form, target]).forEach((place) => place.addEventListener("keydown", walk));
  if (floats) form.addEventListener("focusout", (event) => {
    if (!form.contains(event.relatedTarget)) target.hidden = true;
  });
});
