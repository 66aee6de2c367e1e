/* <form data-filters>: sent by itself when a choice changes; [data-filters-open] shows the folded conditions. */
import { bind } from "./bind.js";

bind("[data-filters]", (form) => {
  const open = form.querySelector("[data-filters-open]");
  if (open) open.addEventListener("click", () => {
    form.querySelectorAll("[data-filters-more]").forEach((field) => { field.hidden = false; });
    open.hidden = true;
    form.querySelector("[data-filters-more] select, [data-filters-more] input").focus();
  });
  form.addEventListener("submit", () => {
    Array.from(form.elements).forEach((field) => { if (field.name && !field.value) field.disabled = true; });
    setTimeout(() => Array.from(form.elements).forEach((field) => { field.disabled = false; }), 0);
  });
  if (form.hasAttribute("hx-get")) return;
  form.addEventListener("change", (event) => { if (event.target.type !== "search") form.requestSubmit(); });
});
