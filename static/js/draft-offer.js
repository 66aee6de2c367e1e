/* The line that offers a draft: one that was written when the page had been asked for something else, or on another PC. */
import { icon, make } from "./bind.js";

const MOST = 6;

export const stamp = (at) => {
  const moment = new Date(at);
  const day = moment.toDateString() === new Date().toDateString() ? "" : `${moment.getMonth() + 1}月${moment.getDate()}日 `;
  return day + moment.toTimeString().slice(0, 5);
};

export function button(label, act) {
  const made = make("button", { type: "button", className: "btn btn-quiet btn-sm" }, label);
  made.addEventListener("click", act);
  return made;
}

function labelOf(field) {
  const label = field.labels && field.labels[0];
  return field.getAttribute("aria-label") || (label ? label.firstChild.textContent.trim() : "");
}

/* What the draft says and the form does not: "地点：二楼会议室". */
function differences(form, lines, shown) {
  const said = new Set(shown.map((line) => line.slice(0, 2).join("\n")));
  const told = lines.filter((line) => line[1] && !said.has(line.slice(0, 2).join("\n"))).map(([name, value, words]) => {
    const found = form.elements[name];
    const field = found && !found.tagName ? Array.from(found).find((one) => one.value === value) || found[0] : found;
    if (field && (field.type === "hidden" || /_FORMS$/.test(name))) return "";
    const option = field && field.options && Array.from(field.options).find((one) => one.value === value);
    const label = field ? labelOf(field) : "";
    const what = (words || (option ? option.textContent : value)).trim().slice(0, 20);
    return field && field.type === "checkbox" ? label : [label, what].filter(Boolean).join("：");
  }).filter(Boolean);
  return told.slice(0, MOST).join("；") + (told.length > MOST ? `，等${told.length}处` : "");
}

/* `use` puts it in; without it a link leads to where it was written. */
export function offer(form, other, refuse, use, shown) {
  const told = [other.words, stamp(other.at)].filter(Boolean).join("，");
  const what = use && shown ? differences(form, other.lines, shown) : "";
  const take = use ? button("用它", () => { use(); line.remove(); }) : make("a", { href: other.address }, "用它");
  const leave = button("不要", () => { refuse(); line.remove(); });
  const words = `有一份未交的草稿（${told}）${what ? `，与这里不同：${what}` : ""} `;
  const line = make("div", { className: "note" }, icon("info-circle-fill"), make("span", {}, words, take, " ", leave));
  const dialog = form.closest("dialog");
  (dialog ? form.querySelector("h2 + div") || form : form).prepend(line);
}
