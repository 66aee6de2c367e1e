/* Counts as an officer would on his fingers: a click or tap, a command key, a field filled, a file chosen are one each.
   Not counted: the characters of a field, Tab, deleting, arrows inside a text. For the window every key is noted too. */
(() => {
  const STORE = "journey";
  const PRESSED = "a, button, input, select, textarea, summary, label, option, td[tabindex], [role=button], [role=option], [data-selectable], .flatpickr-day";
  const TYPED = "textarea, select, input:not([type=checkbox]):not([type=radio]):not([type=button]):not([type=submit]):not([type=file])";
  const FREE = ["Tab", "Shift", "Control", "Alt", "Meta", "Backspace", "Delete", "CapsLock", "Process", "Unidentified"];
  const ARROWS = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End"];
  const filled = new WeakSet();
  const nameOf = (element) => {
    const label = element.labels && element.labels[0];
    const words = element.getAttribute("aria-label") || (label && label.textContent) || element.getAttribute("placeholder")
      || element.textContent || element.name || element.id || element.tagName;
    return words.replace(/\s+/g, " ").trim().slice(0, 24);
  };
  const note = (kind, what, element) => {
    const line = { kind, what, field: element && element.name ? element.name : "" };
    try {
      sessionStorage.setItem(STORE, JSON.stringify([...JSON.parse(sessionStorage.getItem(STORE) || "[]"), line]));
    } catch (closed) { /* a page without storage, like about:blank */ }
  };
  const isTyped = (element) => element instanceof Element && element.matches(TYPED);

  document.addEventListener("pointerdown", (event) => {
    const element = event.target instanceof Element && event.target.closest(PRESSED);
    if (!element) return;
    const field = element.matches("label") && element.control ? element.control : element;
    if (isTyped(field)) {
      if (filled.has(field)) return;
      filled.add(field);
    }
    note("click", nameOf(element), field);
  }, true);
  document.addEventListener("keydown", (event) => {
    const typed = isTyped(event.target);
    if (event.key === "Tab") { note("tab", "Tab", event.target); return; }
    if (FREE.includes(event.key) || (typed && ARROWS.includes(event.key))) return;
    const chord = event.ctrlKey || event.altKey || event.metaKey;
    if (typed && event.key.length === 1 && !chord) { note("letter", event.key, event.target); return; }
    note("key", `${event.ctrlKey ? "Ctrl+" : ""}${event.altKey ? "Alt+" : ""}${event.key === " " ? "Space" : event.key}`, event.target);
  }, true);
  document.addEventListener("change", (event) => {
    const isFile = event.target instanceof Element && event.target.matches("input[type=file]");
    const isOwn = event.isTrusted || (event.target instanceof Element && event.target.matches("[data-day], [data-clock]"));
    if (!isFile && (!isOwn || !isTyped(event.target) || filled.has(event.target))) return;
    filled.add(event.target);
    note("field", nameOf(event.target), event.target);
  }, true);
})();
