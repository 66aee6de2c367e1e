/* Where drafts lie: this browser's localStorage, by person, page, form and what the page was asked for; 14 days; all of a
   person's go when he signs out.
   A draft goes when the page after its sending says that it was done, never before. */
const DAYS = 14 * 24 * 3600 * 1000;
const SENT = "draft:sent";
const mine = () => `draft:${document.body.dataset.user}:`;

/* Where the form lies: a dialog's is the address that it is sent to. */
export const pathOf = (form) => form.getAttribute("action") || location.pathname + location.search;

const pageOf = (path) => `${mine()}${path.split("?")[0]}:`;

export const keyOf = (form) => `${pageOf(pathOf(form))}${form.dataset.draft}:${form.dataset.draftAsked || ""}`;

/* The newest draft of the same page that was asked for something else; null when there is none. */
export function another(key, form) {
  const keys = Object.keys(localStorage).filter((each) => each.startsWith(pageOf(pathOf(form))) && each !== key && read(each));
  const found = keys.map((each) => ({ key: each, ...read(each) })).sort((one, other) => other.at - one.at);
  return found[0] || null;
}

export function read(key) {
  try {
    const draft = JSON.parse(localStorage.getItem(key));
    if (draft && Date.now() - draft.at < DAYS) return draft;
    localStorage.removeItem(key);
  } catch (unreadable) {
    drop(key);
  }
  return null;
}

/* False when the browser keeps nothing (storage full or closed). */
export function write(key, draft) {
  try {
    localStorage.setItem(key, JSON.stringify(draft));
    return true;
  } catch (full) {
    return false;
  }
}

export function drop(key) {
  try { localStorage.removeItem(key); } catch (closed) { /* nothing is kept there */ }
}

export function markSent(key) {
  try { sessionStorage.setItem(SENT, key); } catch (closed) { /* the draft stays a little longer */ }
}

function settle() {
  const key = sessionStorage.getItem(SENT);
  sessionStorage.removeItem(SENT);
  if (key && document.querySelector("[data-toast=success]")) drop(key);
}

function clear(belongs) {
  Object.keys(localStorage).filter((key) => key.startsWith("draft:") && belongs(key)).forEach(drop);
}

try {
  settle();
  clear((key) => !read(key));
} catch (closed) { /* a browser that keeps nothing */ }

document.addEventListener("submit", (event) => {
  if (event.target.matches("[data-logout]")) clear((key) => key.startsWith(mine()));
});
