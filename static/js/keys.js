/* Keys of the page: <button|a|input data-key="F8"> is pressed (an input: focused) by its key.
   Names: one character ("1", "/"), "F2", "Ctrl+Enter", "Alt+s". Single characters only while no field is being typed in.
   "?" lists them all, with data-key-label or the element's own words, in an empty line too: nothing begins with it.
   F1, F5, F11 and F12 stay the browser's. */
import { bind, make } from "./bind.js";

const TEXTLESS = ["checkbox", "radio", "button", "submit", "reset", "file", "range"];

function isTyping(element) {
  if (element.isContentEditable || ["TEXTAREA", "SELECT"].includes(element.tagName)) return true;
  return element.tagName === "INPUT" && !TEXTLESS.includes(element.type);
}

function nameOf(event) {
  return `${event.ctrlKey ? "Ctrl+" : ""}${event.altKey ? "Alt+" : ""}${event.key}`;
}

function targetOf(name) {
  const scope = document.querySelector("dialog[open]:not(.in-page)") || document;
  const all = Array.from(scope.querySelectorAll("[data-key]"));
  return all.find((element) => element.dataset.key === name && !element.disabled && element.getClientRects().length);
}

function wordsOf(element) {
  const words = element.cloneNode(true);
  words.querySelectorAll("kbd, .visually-hidden").forEach((part) => part.remove());
  return element.dataset.keyLabel || element.getAttribute("aria-label") || words.textContent.trim();
}

function showAll() {
  const help = document.querySelector("[data-keys-help]");
  if (!help || help.open) return;
  const lines = Array.from(document.querySelectorAll("[data-key]")).map((element) => [element.dataset.key, wordsOf(element)]);
  const told = lines.concat([["?", "看本页全部按键"], ["Esc", "收起"]])
    .flatMap(([name, words]) => [make("dt", {}, make("kbd", {}, name)), make("dd", {}, words)]);
  help.querySelector("[data-keys-list]").replaceChildren(...told);
  help.showModal();
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing || event.metaKey) return;
  const isCharacter = event.key.length === 1 && !event.ctrlKey && !event.altKey;
  const asksForKeys = event.key === "?" && event.target.tagName === "INPUT" && !event.target.value;
  if (isCharacter && isTyping(event.target) && !asksForKeys) return;
  const target = targetOf(nameOf(event));
  if (target) {
    event.preventDefault();
    if (target.tagName === "INPUT") target.focus(); else target.click();
  } else if (event.key === "?") {
    event.preventDefault();
    showAll();
  }
});

bind("[data-keys-open]", (button) => button.addEventListener("click", showAll));
