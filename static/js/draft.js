/* <form data-draft="name" [data-draft-version="3"]>: what is typed is kept as it is typed, and is there again after Back,
   a reload, a lost connection or a new sign-in. Fields in data-no-draft (numbers of identity cards, phones) are never kept.
   [data-draft-status] says what is kept.
   A draft of an older version is offered, not put in; so is one that was written when the page had been asked for something
   else (data-draft-asked): it lies at its own address. data-draft-words names the field whose choices say what it is.
   After a draft is put in the form sends "draft:restored". What belongs to a part of the form that htmx brings later waits
   for it. */
import { bind, icon } from "./bind.js";
import { button, offer, stamp } from "./draft-offer.js";
import { another, drop, keyOf, markSent, read, write } from "./drafts.js";
import { fill, pack } from "./fields.js";

const PAUSE = 400;

function words(form) {
  const chosen = Array.from(form.elements).filter((field) => field.name === form.dataset.draftWords && field.checked);
  return chosen.map((field) => field.closest("label").textContent.trim()).join("、");
}

bind("form[data-draft]", (form) => {
  const key = keyOf(form);
  const place = form.querySelector("[data-draft-status]");
  const fresh = JSON.stringify(pack(form));
  let timer = null;
  let waiting = [];
  const say = (words, verb, act) => {
    if (!place) return;
    place.textContent = "";
    place.append(icon("cloud-check"), ` ${words}`);
    if (verb) place.append(" ", button(verb, act));
  };
  const packed = () => pack(form).filter((line) => !waiting.some((late) => late[0] === line[0])).concat(waiting);
  const forget = () => {
    clearTimeout(timer);
    timer = null;
    drop(key);
    form.reset();
    location.reload();
  };
  const keep = () => {
    if (timer === null) return;
    clearTimeout(timer);
    timer = null;
    const draft = { at: Date.now(), version: form.dataset.draftVersion || "", lines: packed() };
    Object.assign(draft, { words: words(form), address: location.pathname + location.search });
    say(write(key, draft) ? `草稿已存 ${stamp(draft.at)}，断网也不丢` : "浏览器存不下草稿，离开前先提交");
  };
  const draft = read(key);
  if (draft && JSON.stringify(draft.lines) !== fresh) {
    const restore = () => {
      waiting = fill(form, draft.lines);
      say(`已带出 ${stamp(draft.at)} 的草稿`, "不要草稿", forget);
    };
    if (draft.version === (form.dataset.draftVersion || "")) restore();
    else say("这条记录在你写草稿之后改过", "仍带出草稿", restore);
  }
  const other = "draftAsked" in form.dataset && another(key);
  if (other) offer(form, other);
  ["input", "change"].forEach((name) => form.addEventListener(name, (event) => {
    if (event.target === form) return;
    clearTimeout(timer);
    timer = setTimeout(keep, PAUSE);
  }));
  form.addEventListener("htmx:load", (event) => {
    const part = event.target;
    if (part !== form && waiting.some((line) => part.querySelector(`[name="${CSS.escape(line[0])}"]`))) {
      waiting = fill(form, waiting, part);
    }
  });
  form.addEventListener("submit", () => { timer = timer || 1; keep(); markSent(key); });
  window.addEventListener("pagehide", keep);
  window.addEventListener("drafts:keep", keep);
});
