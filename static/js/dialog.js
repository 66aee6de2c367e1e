/* <dialog data-dialog> that comes by htmx opens at once and is gone when closed; [data-dialog-close] closes it. What was
   pressed for it has the focus again then, also when a refused dialog came back in between. */
import { bind } from "./bind.js";

let asker = null;

bind("[data-dialog]", (dialog) => {
  dialog.querySelectorAll("[data-dialog-close]").forEach((button) => button.addEventListener("click", () => dialog.close()));
  if (dialog.classList.contains("in-page")) return;
  if (document.activeElement !== document.body && !document.activeElement.closest("dialog")) asker = document.activeElement;
  dialog.addEventListener("close", () => {
    dialog.remove();
    if (asker) asker.focus();
  });
  dialog.showModal();
  const wrong = dialog.querySelector("[aria-invalid=true]");
  const fields = [...dialog.querySelectorAll("input:not([type=hidden]), select, textarea")];
  (wrong || fields.find((one) => !("pick" in one.dataset && one.value)) || dialog).focus(); // a filled picker stays shut
});
