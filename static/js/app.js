/* Every page loads this: what all pages need at once, the rest when the page holds an element that asks for it. */
import "./once.js";
import "./drafts.js";
import "./toast.js";
import "./session.js";
import "./shell.js";
import "./keys.js";
import "./trail.js";

const behaviours = {
  "[data-draft]": () => import("./draft.js"),
  "[data-rows]": () => import("./rows.js"),
  "[data-segments]": () => import("./segments.js"),
  "[data-rollcall]": () => import("./rollcall.js"),
  "[data-day]": () => import("./day.js"),
  "[data-clock]": () => import("./clock.js"),
  "[data-pick]": () => import("./pick.js"),
  "[data-seek]": () => import("./seek.js"),
  "[data-materials]": () => import("./materials.js"),
  "[data-enter-next]": () => import("./enter.js"),
  "[data-filters]": () => import("./filters.js"),
  "[data-dialog]": () => import("./dialog.js"),
  "[data-matrix]": () => import("./matrix.js"),
  "[data-map]": () => import("./map.js"),
  "[data-screen]": () => import("./screen.js"),
  "[data-here]": () => import("./here.js"),
};

function wake(root) {
  Object.keys(behaviours).forEach((selector) => {
    if (!root.querySelector(selector) && !(root.matches && root.matches(selector))) return;
    behaviours[selector]();
    delete behaviours[selector];
  });
}

document.addEventListener("htmx:load", (event) => wake(event.detail.elt));
document.addEventListener("htmx:configRequest", (event) => {
  event.detail.headers["X-CSRFToken"] = document.querySelector("meta[name=csrf-token]").content;
});
wake(document);

/* A form that was refused is mended where its first fault stands. */
const wrong = document.querySelector("main form [aria-invalid=true]");
if (wrong && document.activeElement === document.body) wrong.focus();
