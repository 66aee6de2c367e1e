/* The line that offers a draft which was written when the page had been asked for something else. */
import { icon } from "./bind.js";
import { drop } from "./drafts.js";

export const stamp = (at) => {
  const moment = new Date(at);
  const day = moment.toDateString() === new Date().toDateString() ? "" : `${moment.getMonth() + 1}月${moment.getDate()}日 `;
  return day + moment.toTimeString().slice(0, 5);
};

export function button(label, act) {
  const made = Object.assign(document.createElement("button"), { type: "button", className: "btn btn-quiet btn-sm", textContent: label });
  made.addEventListener("click", act);
  return made;
}

export function offer(form, other) {
  const line = Object.assign(document.createElement("div"), { className: "note" });
  const text = document.createElement("span");
  const told = [other.words, stamp(other.at)].filter(Boolean).join("，");
  const use = Object.assign(document.createElement("a"), { href: other.address, textContent: "用它" });
  text.append(`有一份未交的草稿（${told}），`, use, " ", button("不要", () => { drop(other.key); line.remove(); }));
  line.append(icon("info-circle-fill"), text);
  form.prepend(line);
}
