/* <dialog data-dialog> that comes by htmx opens at once and is gone when closed; [data-dialog-close] closes it. */
import { bind } from "./bind.js";

bind("[data-dialog]", (dialog) => {
  dialog.querySelectorAll("[data-dialog-close]").forEach((button) => button.addEventListener("click", () => dialog.close()));
  if (dialog.classList.contains("in-page")) return;
  const asker = document.activeElement;
  dialog.addEventListener("close", () => {
    dialog.remove();
    if (asker) asker.focus();
  });
  dialog.showModal();
  const wrong = dialog.querySelector("[aria-invalid=true]");
  const first = dialog.querySelector("input:not([type=hidden]), select, textarea");
  if (wrong || first) (wrong || first).focus();
});
