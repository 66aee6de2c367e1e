/* Search in a catalogue, all by keyboard: <div data-find="<id of a JSON list>"> or <div data-find="/address/?q=">, with a
   text input and a hidden input that gets the id. An entry: {"id", "text", "code", "note", "search"}; what is typed must
   begin the code, or stand in the text or in `search` (pinyin, initials). Arrows walk, Enter takes, Esc closes.
   data-find-none: what is said when nothing fits; Enter then stays in the field. */
import { bind } from "./bind.js";

const MOST = 12;

function matches(entry, typed) {
  const code = (entry.code || "").toLowerCase();
  return code.startsWith(typed) || `${entry.text} ${entry.search || ""}`.toLowerCase().includes(typed);
}

function lineOf(entry, index, listId) {
  const line = document.createElement("li");
  line.id = `${listId}-${index}`;
  line.setAttribute("role", "option");
  if (entry.code) line.append(Object.assign(document.createElement("code"), { textContent: entry.code }));
  line.append(Object.assign(document.createElement("span"), { textContent: entry.text }));
  if (entry.note) line.append(Object.assign(document.createElement("small"), { textContent: entry.note }));
  return line;
}

bind("[data-find]", (box) => {
  const [text, hidden] = [box.querySelector("input:not([type=hidden])"), box.querySelector("input[type=hidden]")];
  const list = Object.assign(document.createElement("ul"), { className: "find-list", id: `${text.id}-list`, hidden: true });
  const source = document.getElementById(box.dataset.find);
  const entries = source ? JSON.parse(source.textContent) : null;
  let [found, at, asked] = [[], 0, 0];
  list.setAttribute("role", "listbox");
  box.append(list);
  Object.entries({ role: "combobox", "aria-expanded": "false", autocomplete: "off", "aria-autocomplete": "list", "aria-controls": list.id }).forEach((pair) => text.setAttribute(...pair));
  const mark = () => {
    Array.from(list.children).forEach((line, index) => line.setAttribute("aria-selected", String(index === at && found.length > 0)));
    text.setAttribute("aria-expanded", String(!list.hidden));
    if (!found[at] || list.hidden) { text.removeAttribute("aria-activedescendant"); return; }
    text.setAttribute("aria-activedescendant", list.children[at].id);
    list.children[at].scrollIntoView({ block: "nearest" });
  };
  const show = (results) => {
    [found, at] = [results.slice(0, MOST), 0];
    list.replaceChildren(...found.map((entry, index) => lineOf(entry, index, list.id)));
    if (!found.length && box.dataset.findNone) list.append(Object.assign(document.createElement("li"), { className: "dim", textContent: box.dataset.findNone }));
    list.hidden = !list.children.length;
    mark();
  };
  const take = (entry) => {
    text.value = entry.text;
    list.hidden = true;
    mark();
    hidden.value = entry.id;
    hidden.dispatchEvent(new Event("change", { bubbles: true }));
  };
  const search = () => {
    const typed = text.value.trim().toLowerCase();
    const turn = (asked += 1);
    if (entries) { show(entries.filter((entry) => matches(entry, typed))); return; }
    fetch(box.dataset.find + encodeURIComponent(typed)).then((answer) => answer.json()).then((json) => {
      if (turn === asked) show(json.results);
    });
  };
  text.addEventListener("input", () => { hidden.value = ""; search(); });
  text.addEventListener("focus", () => { if (!hidden.value) search(); });
  text.addEventListener("blur", () => { list.hidden = true; mark(); });
  list.addEventListener("mousedown", (event) => {
    const line = event.target.closest("li");
    event.preventDefault();
    if (line && found.length) take(found[Array.from(list.children).indexOf(line)]);
  });
  text.addEventListener("keydown", (event) => {
    if (list.hidden) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      at = (at + (event.key === "ArrowDown" ? 1 : found.length - 1)) % (found.length || 1);
      mark();
    } else if (event.key === "Enter") { if (found[at]) take(found[at]); }
    else if (event.key === "Escape") { list.hidden = true; mark(); } else return;
    event.preventDefault();
  });
});
