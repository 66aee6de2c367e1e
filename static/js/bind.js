/* Starts a behaviour on each element that asks for it: now, and in what htmx or a template puts in later. */
export function bind(selector, start) {
  const bound = new WeakSet();
  const run = (root) => {
    const found = Array.from(root.querySelectorAll(selector));
    if (root.matches && root.matches(selector)) found.unshift(root);
    found.filter((element) => !bound.has(element)).forEach((element) => {
      bound.add(element);
      start(element);
    });
  };
  run(document);
  document.addEventListener("htmx:load", (event) => run(event.detail.elt));
}

/* Tells the behaviours, and htmx, of an element that was put in by hand. */
export function announce(element) {
  if (window.htmx) window.htmx.process(element);
  document.dispatchEvent(new CustomEvent("htmx:load", { detail: { elt: element } }));
}

/* The address of a file that only some pages load: <meta name="asset:…">. */
export function asset(name) {
  return document.querySelector(`meta[name="asset:${name}"]`).content;
}

/* An element with what stands in it. */
export function make(tag, properties, ...inside) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...inside);
  return made;
}

const loading = {};

/* A classic script, loaded once. */
export function load(name) {
  loading[name] = loading[name] || new Promise((done, failed) => {
    document.head.append(make("script", { src: asset(name), onload: done, onerror: failed }));
  });
  return loading[name];
}

/* A style sheet that only some pages need; it comes before ours, so that ours has the last word. */
export function style(name) {
  if (loading[name]) return;
  loading[name] = true;
  document.querySelector("link[rel=stylesheet]").before(make("link", { rel: "stylesheet", href: asset(name) }));
}

const SVG = "http://www.w3.org/2000/svg";

export function icon(name) {
  const drawing = document.createElementNS(SVG, "svg");
  drawing.setAttribute("class", "bi");
  drawing.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `${asset("icons")}#${name}`);
  drawing.append(use);
  return drawing;
}
