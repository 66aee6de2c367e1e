/* A form is sent once: its submit buttons rest until an answer comes, the page is shown again, or 15 seconds pass.
   All forms with method="post"; <form data-once="no"> is left alone (a download stays on its page). */
const REST = 15000;

function guarded(form) {
  return form.method === "post" && form.dataset.once !== "no";
}

function buttons(form) {
  return Array.from(form.elements).filter((element) => element.type === "submit");
}

function rest(form) {
  const resting = buttons(form).filter((button) => !button.disabled);
  resting.forEach((button) => { button.disabled = true; button.dataset.resting = ""; });
  form.setAttribute("aria-busy", "true");
  setTimeout(() => wake(form), REST);
}

function wake(form) {
  delete form.dataset.sending;
  form.removeAttribute("aria-busy");
  buttons(form).filter((button) => "resting" in button.dataset).forEach((button) => {
    button.disabled = false;
    delete button.dataset.resting;
  });
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!guarded(form)) return;
  if ("sending" in form.dataset) {
    event.preventDefault();
    event.stopImmediatePropagation();
    return;
  }
  form.dataset.sending = "";
  setTimeout(() => rest(form), 0); // later, so that the pressed button still sends its own value
}, true);

window.addEventListener("pageshow", () => document.querySelectorAll("form[data-sending]").forEach(wake));
document.addEventListener("htmx:afterRequest", (event) => {
  const form = event.detail.elt.closest("form");
  if (form) wake(form);
});
