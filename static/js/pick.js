/* <select data-pick="" …> finds among its own options (data-search: pinyin and initials, data-note: shown at the right,
   data-code: shown in front, and what begins with the typed letters comes first); data-none: said when nothing fits.
   <select data-pick="/address/"> asks the address with ?q=… and gets {"results": [{"id", "text", "note"}]}.
   `multiple` takes several. */
import { bind, load } from "./bind.js";

function line(data, escape) {
  const part = (tag, text) => (text ? `<${tag}>${escape(text)}</${tag}>` : "");
  return `<div>${part("code", data.code)}${escape(data.text)}${part("small", data.note)}</div>`;
}

function settings(select) {
  const address = select.dataset.pick;
  const empty = select.querySelector("option[value='']");
  const own = {
    valueField: "value",
    searchField: [{ field: "code", weight: 3 }, { field: "text" }, { field: "search" }, { field: "note" }],
    maxOptions: 200,
    plugins: select.multiple ? ["remove_button"] : [],
    placeholder: select.dataset.placeholder || (select.multiple ? "" : empty && empty.text) || "",
    allowEmptyOption: false,
    render: {
      option: line,
      item: (data, escape) => `<div>${escape(data.text)}</div>`,
      no_results: (data, escape) => `<div class="no-results">${escape(select.dataset.none || "没有找到")}</div>`,
    },
  };
  if (!address) return own;
  return Object.assign(own, {
    searchField: [],
    score: () => () => 1,
    preload: "focus",
    load(query, answer) {
      const glue = address.includes("?") ? "&" : "?";
      fetch(`${address}${glue}q=${encodeURIComponent(query)}`, { headers: { "X-Requested-With": "fetch" } })
        .then((response) => response.json())
        .then((json) => {
          if (query !== this.inputValue()) { answer(); return; } // an answer that was overtaken
          this.clearOptions();
          answer(json.results.map((found) => ({ value: String(found.id), text: found.text, note: found.note })));
        })
        .catch(() => answer());
    },
  });
}

bind("select[data-pick]", (select) => {
  load("pick").then(() => {
    const isAt = document.activeElement === select;
    const picker = new window.TomSelect(select, settings(select));
    select.setAttribute("aria-hidden", "true"); // the label now belongs to the picker
    picker.on("change", () => select.dispatchEvent(new Event("input", { bubbles: true })));
    if (isAt) picker.focus();
  });
});
