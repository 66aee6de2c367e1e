/* <div data-map data-outline data-points>: the places of the list on the district and its roads, no tiles needed; what
   lies too close together stands as a number. Instead of data-points: data-map-pick or data-map-at, see map-pick.js. */
import { bind, icon, load, make, style } from "./bind.js";
import { pick, show } from "./map-pick.js";

const SHAPES = { late: "octagon-fill", warn: "triangle-fill", open: "circle-fill", off: "circle" };
const calm = { zoomAnimation: false, fadeAnimation: false, markerZoomAnimation: false };

function mark(at, className, content, title) {
  const drawn = window.L.divIcon({ className: `map-mark ${className}`, html: content, iconSize: [24, 24] });
  return window.L.marker(at, { icon: drawn, title, alt: title, keyboard: true });
}

function told(place, words) {
  const [, , , number, title, state, due, url] = place;
  const facts = [number, state, due && `${due}${words[4]}`].filter(Boolean).join("，");
  return make("div", {}, make("a", { href: url }, title), make("p", {}, facts));
}

function places(map, box, words) {
  const layer = window.L.layerGroup().addTo(map);
  let last;
  const group = ([lat, lon, n, late, south, west, north, east]) => {
    const title = `${n}${words[2]}${late ? `，${late}${words[3]}` : ""}`;
    return mark([lat, lon], late ? "many is-late" : "many", make("b", {}, n.toLocaleString("zh-CN")), title)
      .on("click", () => map.fitBounds([[south, west], [north, east]], { animate: false, padding: [24, 24] }));
  };
  const place = (one) => mark([one[0], one[1]], `is-${one[2]}`, icon(SHAPES[one[2]]), `${one[4]}，${one[5]}`)
    .bindPopup(told(one, words));
  const refresh = async () => {
    if (last) last.abort();
    last = new AbortController();
    const view = map.getBounds();
    const url = new URL(box.dataset.points, location.href);
    url.searchParams.set("box", [view.getSouth(), view.getWest(), view.getNorth(), view.getEast()].map((n) => n.toFixed(6)).join());
    const answer = await fetch(url, { signal: last.signal });
    if (!answer.ok) return;
    const found = await answer.json();
    layer.clearLayers();
    found.groups.map(group).concat(found.places.map(place)).forEach((one) => layer.addLayer(one));
  };
  const quietly = () => refresh().catch(() => {}); // away from the server what was drawn stays
  map.on("moveend", quietly);
  quietly();
}

bind("[data-map]", async (box) => {
  style("map-css");
  await load("map");
  const words = box.dataset.labels.split("|");
  const map = window.L.map(box, { attributionControl: false, zoomControl: false, minZoom: 8, maxZoom: 18, ...calm });
  window.L.control.zoom({ zoomInTitle: words[0], zoomOutTitle: words[1] }).addTo(map);
  const outline = window.L.geoJSON(await (await fetch(box.dataset.outline)).json(), { interactive: false, style: ({ geometry }) => ({ className: geometry.type === "LineString" ? "map-road" : "map-outline" }) });
  map.fitBounds(outline.addTo(map).getBounds(), { animate: false });
  if (box.dataset.points) places(map, box, words);
  if (box.dataset.mapPick) pick(map, box);
  if (box.dataset.mapAt) show(map, box.dataset.mapAt);
});
