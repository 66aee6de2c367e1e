/* Drafts on the server (brigade/workbench/views/drafts.py): kept, found again from any PC, thrown away. A session that has
   ended answers with the sign-in page: that is no answer. */
import { pathOf } from "./drafts.js";

const BIGGEST_LEAVING = 60000; // a browser sends no more than 64 KiB behind a page that goes away
const underWay = new WeakMap();

function ask(address, options = {}) {
  const headers = { "X-CSRFToken": document.querySelector("meta[name=csrf-token]").content, ...options.headers };
  return fetch(address, { ...options, headers }).then((response) => {
    if (response.redirected) throw new Error("signed out");
    if (response.ok) return response.status === 204 ? null : response.json();
    return response.json().then((json) => { throw Object.assign(new Error("refused"), { told: json.detail }); });
  });
}

const home = () => document.body.dataset.drafts;

export function send(form, draft, leaving) {
  stop(form);
  const control = new AbortController();
  underWay.set(form, control);
  const body = JSON.stringify({ ...draft, name: form.dataset.draft, record_id: draft.id, saved: undefined });
  const options = leaving && body.length * 3 < BIGGEST_LEAVING ? { keepalive: true } : { signal: control.signal };
  return ask(home(), { method: "POST", body, headers: { "Content-Type": "application/json" }, ...options });
}

export function stop(form) { if (underWay.has(form)) underWay.get(form).abort(); }

export function find(form) {
  return ask(`${home()}?address=${encodeURIComponent(pathOf(form))}&name=${encodeURIComponent(form.dataset.draft)}`);
}

export function discard(id) {
  return ask(`${home()}${id}/drop/`, { method: "POST" });
}
