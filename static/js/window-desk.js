/* The window desk. Taking a service puts its materials and limits in from their templates; [data-desk-rest] marks what is
   left; a visitor from another province ([data-desk-visitor], or his identity number) brings further rows. Buttons that
   leave the request open (data-desk-stays) first ask for the citizen, and send when pressed again; a draft that had come so
   far asks for him at once. The key to press next
   is the lit one: a notice where papers lack, acceptance where a reviewer decides ([data-desk-reviewed]). */
import { announce, bind } from "./bind.js";
import "./materials.js";

bind("[data-desk]", (form) => {
  const [place, limits] = [form.querySelector("[data-desk-item]"), form.querySelector("[data-desk-limits]")];
  const [blank, stay] = [form.querySelector("[data-desk-blank]"), form.querySelector("[data-desk-stay]")];
  const [item, marks, kept, visitor, idNo] = ["item", "marks", "stay", "is_out_of_province", "id_no"].map((name) => form.elements.namedItem(name));
  const rows = () => Array.from(place.querySelectorAll("[data-material]"));
  const radios = () => Array.from(place.querySelectorAll("input[type=radio]"));
  const chosen = (row) => row.querySelector("input:checked");

  const build = () => {
    const template = document.querySelector(`[data-desk-template="${item.value}"]`);
    if (blank) blank.hidden = Boolean(template);
    if (!template) return;
    const copy = template.content.cloneNode(true);
    const extra = copy.querySelector("[data-desk-extra]");
    if (extra) extra.replaceWith(visitor.checked ? extra.content : "");
    place.replaceChildren(copy);
    limits.replaceChildren(document.querySelector(`[data-desk-limit="${item.value}"]`).content.cloneNode(true));
    const given = new URLSearchParams(marks.value);
    radios().forEach((radio) => { radio.checked = given.get(radio.name) === radio.value; });
    announce(place);
  };
  const walk = () => {
    const next = rows().find((row) => !chosen(row));
    if (!item.value || place.querySelector("[data-desk-closed]")) { (item.tomselect || item).focus(); return; }
    (next ? next.querySelector("input") : form.querySelector("[aria-invalid=true]") || form.querySelector("[data-after]")).focus();
  };
  const lacking = () => rows().filter((row) => chosen(row) && chosen(row).value === "missing");
  const remember = () => {
    const reviewed = limits.querySelector("[data-desk-reviewed]");
    const next = place.querySelector("[data-desk-closed]") ? "" : lacking().length ? "notify" : reviewed ? "accept" : "settle";
    ["settle", "accept", "notify"].forEach((ending) => form.querySelector(`[value=${ending}]`).classList.toggle("go", ending === next));
    form.querySelector("[data-desk-visitor]").setAttribute("aria-pressed", String(visitor.checked));
    marks.value = new URLSearchParams(radios().filter((radio) => radio.checked).map((radio) => [radio.name, radio.value])).toString();
  };
  const show = () => {
    const names = lacking().map((row) => row.children[1].textContent.trim());
    stay.querySelector("[data-desk-lacking]").textContent = names.length ? `缺${names.length}样：${names.join("、")}` : "";
    stay.hidden = false;
    kept.value = "1";
    const fields = Array.from(stay.querySelectorAll("input"));
    (fields.find((field) => !field.value) || fields[0]).focus();
  };

  stay.hidden = !("shown" in stay.dataset);
  if (item.value) { remember(); walk(); }
  item.addEventListener("change", () => { marks.value = ""; build(); remember(); walk(); });
  place.addEventListener("change", remember);
  form.addEventListener("draft:restored", () => { build(); remember(); if (kept.value) show(); else walk(); });
  form.querySelector("[data-desk-rest]").addEventListener("click", () => {
    rows().filter((row) => !chosen(row)).forEach((row) => {
      const radio = row.querySelector(`input[value="${row.dataset.when === "conditional" ? "exempt" : "ok"}"]`);
      radio.checked = true;
      radio.dispatchEvent(new Event("change", { bubbles: true }));
    });
    walk();
  });
  const visit = (is) => {
    if (visitor.checked === is) return;
    visitor.checked = is;
    build();
    remember();
  };
  form.querySelector("[data-desk-visitor]").addEventListener("click", () => { visit(!visitor.checked); walk(); });
  visitor.addEventListener("change", () => { build(); remember(); });
  idNo.addEventListener("change", () => visit(/^\d{17}[\dXx]$/.test(idNo.value.trim()) && !idNo.value.trim().startsWith(stay.dataset.home)));
  form.querySelectorAll("[data-desk-stays]").forEach((button) => button.addEventListener("click", (event) => {
    if (!stay.hidden) return;
    event.preventDefault();
    show();
  }));
});
