/* A form as its draft, and a draft back into its form. What belongs to a part of the form that htmx brings later waits for
   it. After a draft is put in, the form sends "draft:restored". */
import { make } from "./bind.js";
import { pathOf } from "./drafts.js";
import { fill, pack } from "./fields.js";

const waiting = new WeakMap();
const late = (form) => waiting.get(form) || [];

export const hidden = (form, name) => form.querySelector(`input[type=hidden][name="${name}"]`);
const valueOf = (form, name) => (hidden(form, name) || { value: "" }).value;

export function tell(form, name, value) {
  const field = hidden(form, name) || make("input", { type: "hidden", name });
  field.value = value;
  if (!field.isConnected) form.append(field);
}

function words(form) {
  const chosen = Array.from(form.elements).filter((field) => field.name === form.dataset.draftWords && field.checked);
  return chosen.map((field) => field.closest("label").textContent.trim()).join("、");
}

export function current(form) {
  const waits = late(form);
  const lines = pack(form).filter((line) => !waits.some((one) => one[0] === line[0])).concat(waits);
  const [version, base, id] = ["version", "base", "id"].map((name) => valueOf(form, name));
  return { at: Date.now(), lines, version, base, id, words: words(form), address: pathOf(form), asked: form.dataset.draftAsked || "" };
}

export function put(form, draft) {
  if (!waiting.has(form)) form.addEventListener("htmx:load", (event) => {
    const part = event.target;
    if (part === form || !late(form).some((line) => part.querySelector(`[name="${CSS.escape(line[0])}"]`))) return;
    waiting.set(form, fill(form, late(form), part));
  });
  waiting.set(form, fill(form, draft.lines));
  ["id", "version", "base"].filter((name) => hidden(form, name) && draft[name]).forEach((name) => tell(form, name, String(draft[name])));
}
