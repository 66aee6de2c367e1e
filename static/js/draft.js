/* <form data-draft="name" [data-draft-version="3"]>: what is typed is kept as it is typed, and is there again after Back,
   a reload, a lost connection or a new sign-in. Fields in data-no-draft (numbers of identity cards, phones) are never kept.
   [data-draft-status] says what is kept.
   A draft of an older version is offered, not put in. After it is put in the form sends "draft:restored". What belongs to
   a part of the form that htmx brings later waits for it. */
import { bind, icon } from "./bind.js";
import { drop, keyOf, markSent, read, write } from "./drafts.js";
import { fill, pack } from "./fields.js";

const PAUSE = 400;
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
    if (!verb) return;
    const button = document.createElement("button");
    Object.assign(button, { type: "button", className: "btn btn-quiet btn-sm", textContent: verb });
    button.addEventListener("click", act);
    place.append(" ", button);
  };
  const clock = (at) => new Date(at).toTimeString().slice(0, 5);
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
    const draft = { at: Date.now(), version: form.dataset.draftVersion || "", lines: pack(form).concat(waiting) };
    say(write(key, draft) ? `草稿已存 ${clock(draft.at)}，断网也不丢` : "浏览器存不下草稿，离开前先提交");
  };
  const draft = read(key);
  if (draft && JSON.stringify(draft.lines) !== fresh) {
    const restore = () => {
      waiting = fill(form, draft.lines);
      say(`已带出 ${clock(draft.at)} 的草稿`, "不要草稿", forget);
    };
    if (draft.version === (form.dataset.draftVersion || "")) restore();
    else say("这条记录在你写草稿之后改过", "仍带出草稿", restore);
  }
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
