/* Density and contrast of this browser. A classic script in the head, so that the first paint is right already.
   <button data-pref="density|contrast" value="…">: value "" is the standard. */
(function () {
  var root = document.documentElement;
  function read(name) {
    try { return localStorage.getItem("pref:" + name) || ""; } catch (blocked) { return ""; }
  }
  function apply(name, value) {
    if (value) root.setAttribute("data-" + name, value); else root.removeAttribute("data-" + name);
    document.querySelectorAll("[data-pref=" + name + "]").forEach(function (button) {
      button.setAttribute("aria-pressed", String(button.value === value));
    });
  }
  function all() {
    ["density", "contrast"].forEach(function (name) { apply(name, read(name)); });
  }
  all();
  document.addEventListener("DOMContentLoaded", all);
  document.addEventListener("htmx:load", all);
  document.addEventListener("click", function (event) {
    var button = event.target.closest("[data-pref]");
    if (!button) return;
    try { localStorage.setItem("pref:" + button.dataset.pref, button.value); } catch (blocked) { /* this page only */ }
    apply(button.dataset.pref, button.value);
  });
}());
