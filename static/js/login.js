/* <form data-login>: the police number may be kept in this browser ([data-login-keep]); the window remembers it until its
   person signs out, so that after an expired session only the password is asked. The cursor stands where it is needed. */
import "./once.js";

const form = document.querySelector("[data-login]");
const keep = form.querySelector("[data-login-keep]");
const number = form.querySelector("[name=police_no], [name=username]");
const password = form.querySelector("[type=password]");
const KEY = "login:number";

try {
  const kept = localStorage.getItem(KEY);
  keep.checked = kept !== null;
  if (!number.value) number.value = kept || sessionStorage.getItem(KEY) || "";
} catch (closed) { keep.closest(".gap").hidden = true; }
(number.value ? password : number).focus();

form.addEventListener("submit", () => {
  try {
    sessionStorage.setItem(KEY, number.value.trim());
    if (keep.checked) localStorage.setItem(KEY, number.value.trim()); else localStorage.removeItem(KEY);
  } catch (closed) { /* nothing is kept there */ }
});
