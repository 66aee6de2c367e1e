/* <form data-draft="name">: what is typed is kept as it is typed, in this browser and on the server, and is there again
   after Back, a reload, a lost connection, a new sign-in, or on another PC. Fields in data-no-draft are never kept.
   [data-draft-status] says what is kept. This browser's draft is put in; one from another PC is offered, and one that was
   written when the page had been asked for something else (data-draft-asked; data-draft-words names the field whose
   choices say what it is). A draft brings along what the form said when it was begun (base, version), so that the server
   can merge; without a base an older one is only offered. data-draft-sent: an answer, shown as the server gave it. */
import { bind, icon } from "./bind.js";
import { current, hidden, put, tell } from "./draft-form.js";
import { button, offer, stamp } from "./draft-offer.js";
import { discard, find, send, stop } from "./draft-server.js";
import { another, drop, keyOf, markSent, read, write } from "./drafts.js";
import { pack } from "./fields.js";

const PAUSE = 400;
const LATER = 2000;

bind("form[data-draft]", (form) => {
  const key = keyOf(form);
  const place = form.querySelector("[data-draft-status]");
  const begun = current(form);
  const same = (lines) => JSON.stringify(lines) === JSON.stringify(current(form).lines);
  let [timer, later, sent] = [null, null, false];
  const rest = () => { [timer, later] = [clearTimeout(timer) || null, clearTimeout(later) || null]; };
  const say = (told, verb, act) => place && place.replaceChildren(...(told ? [icon("cloud-check"), ` ${told} `] : []), ...(verb ? [button(verb, act)] : []));
  const forget = () => {
    rest();
    const { saved } = read(key) || {};
    drop(key);
    const anew = () => { if (form.closest("dialog")) { put(form, begun); say(""); } else { form.reset(); location.reload(); } };
    (saved ? discard(saved.draft) : Promise.resolve()).then(anew, anew);
  };
  const push = (leaving) => {
    rest();
    const draft = current(form);
    const kept = (saved) => { write(key, { ...draft, saved }); say(`草稿 ${stamp(saved.at)} 已存`); };
    const failed = (why) => say(`草稿 ${stamp(draft.at)} 已存本机，${why.told || "还没存到服务器"}`);
    send(form, draft, leaving).then((saved) => sent || kept(saved), (why) => sent || why.name === "AbortError" || failed(why));
  };
  const keep = () => {
    if (timer === null) return;
    rest();
    const draft = { ...current(form), saved: (read(key) || {}).saved };
    say(write(key, draft) ? `草稿 ${stamp(draft.at)} 已存本机` : "浏览器存不下草稿，离开前先提交");
    if (!sent) later = setTimeout(push, LATER);
  };
  const restore = (draft) => {
    put(form, draft.base ? draft : { ...draft, version: "" });
    say(`已带出 ${stamp(draft.at)} 的草稿`, "不要草稿", forget);
  };
  const isAnswer = "draftSent" in form.dataset;
  const own = isAnswer ? null : read(key);
  if (own && !same(own.lines)) {
    if ((own.base && hidden(form, "base")) || own.version === begun.version) restore(own);
    else say("这条记录在你写草稿之后改过", "仍带出草稿", () => restore(own));
  }
  const other = "draftAsked" in form.dataset && another(key, form);
  if (other) offer(form, other, () => drop(other.key));
  if (!isAnswer) find(form).then((found) => {
    if (!found || (own && own.saved && own.saved.at === found.at) || same(found.lines)) return;
    const use = () => { restore(found); write(key, { ...found, saved: found }); };
    if (found.asked === begun.asked) offer(form, found, () => discard(found.draft), use, pack(form));
    else if (!other) offer(form, found, () => discard(found.draft));
  }).catch(() => { /* no connection: this browser's copy is all there is */ });
  ["input", "change"].forEach((name) => form.addEventListener(name, (event) => {
    if (event.target !== form) { clearTimeout(timer); timer = setTimeout(keep, PAUSE); }
  }));
  form.addEventListener("submit", () => {
    [timer, sent] = [timer || 1, true];
    keep();
    stop(form);
    tell(form, "draft", form.dataset.draft);
    tell(form, "draft_asked", begun.asked);
    markSent(key);
  });
  ["pageshow", "htmx:afterRequest"].forEach((name) => window.addEventListener(name, () => { sent = false; }));
  window.addEventListener("pagehide", () => { keep(); if (later && !sent) push(true); });
  window.addEventListener("drafts:keep", keep);
});
