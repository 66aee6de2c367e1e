/* The fields of a form as lines [name, value(, words of the choice)], and back into the form. Never in it: passwords, files,
   what stands in data-no-draft, the CSRF token, and what says which record in which version it is. */
import { growTo } from "./rows.js";

const kept = (field) => field.name && !["file", "password", "submit", "button"].includes(field.type)
  && !/^(csrfmiddlewaretoken|version|base|id|clash|draft|draft_asked|next|take-.*)$/.test(field.name) && !field.closest("[data-no-draft]");
const isTick = (field) => field.type === "checkbox" || field.type === "radio";
const isChoice = (field) => field.type === "select-multiple" || field.matches("[data-pick]");

const takes = (field, value) => field.tagName !== "SELECT" || Array.from(field.options).some((option) => option.value === value);

export function pack(form) {
  const lines = [];
  Array.from(form.elements).filter(kept).forEach((field) => {
    if (isTick(field)) { if (field.checked) lines.push([field.name, field.value]); } else if (isChoice(field)) {
      Array.from(field.selectedOptions).forEach((option) => lines.push([field.name, option.value, option.textContent]));
    } else lines.push([field.name, field.value]);
  });
  return lines;
}

/* Puts the lines into the form, or into a part of it that came later; gives back those that found no field yet, or a list
   that does not offer them yet. */
export function fill(form, lines, part = form) {
  if (part === form) growTo(form, Object.fromEntries(lines));
  const left = lines.slice();
  const fields = Array.from(form.elements).filter((field) => kept(field) && part.contains(field));
  fields.forEach((field) => {
    const own = left.filter((line) => line[0] === field.name);
    if (isTick(field)) field.checked = own.some((line) => line[1] === field.value);
    else if (isChoice(field)) {
      own.filter((line) => !Array.from(field.options).some((option) => option.value === line[1]))
        .forEach((line) => field.append(new Option(line[2], line[1])));
      Array.from(field.options).forEach((option) => { option.selected = own.some((line) => line[1] === option.value); });
      if (field.tomselect) field.tomselect.sync();
    } else if (own.length && takes(field, own[0][1])) {
      field.value = own[0][1];
      left.splice(left.indexOf(own[0]), 1);
    }
  });
  form.dispatchEvent(new CustomEvent("draft:restored", { bubbles: true }));
  form.dispatchEvent(new Event("change", { bubbles: true }));
  const names = new Set(fields.filter((field) => !left.some((line) => line[0] === field.name && !takes(field, line[1]))).map((field) => field.name));
  return lines.filter((line) => !names.has(line[0]));
}
