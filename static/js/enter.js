/* <form data-enter-next>: Enter goes to the next field, from the last one to the form's main button. */
import { bind } from "./bind.js";

const FIELDS = "input:not([type=hidden]):not([type=radio]), select, textarea, button[type=submit]";

bind("[data-enter-next]", (form) => {
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.defaultPrevented || event.isComposing || event.ctrlKey) return;
    if (!["INPUT", "SELECT"].includes(event.target.tagName)) return;
    event.preventDefault();
    const fields = Array.from(form.querySelectorAll(FIELDS)).filter((field) => !field.disabled && field.getClientRects().length);
    const next = fields[fields.indexOf(event.target) + 1];
    if (next) next.focus();
  });
});
