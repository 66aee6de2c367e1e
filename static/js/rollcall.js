/* Who came: everybody is there until his name is tapped; each tap is the next word of his list.
   [data-rollcall] holds a [data-person] a head: label and <select name="mark-<id>"> whose options carry data-tone
   ("", warn, late, waive). With a name in focus: arrow keys walk, 1…9 choose the word directly, Backspace the first one.
   <div data-reason="<id of the select>"> shows while its mark wants a reason. The page's form may hold [data-roll-due],
   [data-roll-present] and [data-roll-rate]: "" and ok are there, waive is not due. */
import { bind, icon, make } from "./bind.js";

const DRAWINGS = { warn: "calendar-x", late: "x-octagon-fill", waive: "shield-check", ok: "check-lg" };
const ASKS = ["absent", "leave_duty", "leave_personal"];

function paint(button, select) {
  const option = select.selectedOptions[0];
  const tone = option.dataset.tone;
  button.className = `person${tone ? ` is-${tone}` : ""}`;
  button.querySelectorAll("small").forEach((old) => old.remove());
  button.setAttribute("aria-label", `${button.dataset.name}：${option.textContent}`);
  if (!tone) return;
  button.append(make("small", {}, icon(DRAWINGS[tone] || "circle"), option.textContent));
}

function count(root, selects) {
  const tones = selects.map((select) => select.selectedOptions[0].dataset.tone);
  const due = tones.filter((tone) => tone !== "waive").length;
  const present = tones.filter((tone) => tone === "" || tone === "ok").length;
  const say = (name, text) => root.querySelectorAll(`[data-roll-${name}]`).forEach((place) => { place.textContent = text; });
  say("due", due);
  say("present", present);
  say("rate", due ? `${(Math.floor((present * 1000) / due + 0.5) / 10).toFixed(1)}%` : "—");
}

bind("[data-rollcall]", (roll) => {
  const form = roll.closest("form") || document;
  const selects = Array.from(roll.querySelectorAll("[data-person] select"));
  const buttons = selects.map((select) => {
    const slot = select.closest("[data-person]");
    const name = slot.querySelector("label").textContent.trim();
    const button = make("button", { type: "button" }, name);
    button.dataset.name = name;
    slot.className = "person-slot";
    select.before(button);
    return button;
  });
  const refresh = () => {
    selects.forEach((select, index) => paint(buttons[index], select));
    roll.querySelectorAll("[data-reason]").forEach((row) => {
      row.hidden = !ASKS.includes(document.getElementById(row.dataset.reason).value);
    });
    count(form, selects);
  };
  const choose = (select, index) => {
    if (!select.options[index]) return;
    select.selectedIndex = index;
    refresh();
    select.dispatchEvent(new Event("change", { bubbles: true }));
  };
  buttons.forEach((button, at) => {
    const select = selects[at];
    const columns = () => buttons.filter((other) => other.offsetTop === buttons[0].offsetTop).length;
    button.addEventListener("click", () => choose(select, (select.selectedIndex + 1) % select.options.length));
    button.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns(), ArrowUp: -columns() }[event.key];
      if (step && buttons[at + step]) buttons[at + step].focus();
      else if (/^[1-9]$/.test(event.key)) choose(select, Number(event.key) - 1);
      else if (event.key === "Backspace") choose(select, 0);
      else return;
      event.preventDefault();
    });
  });
  document.addEventListener("draft:restored", refresh);
  refresh();
});
