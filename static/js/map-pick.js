/* A place on a map. data-map-pick="lat lon source datum error" (ids of fields): a click or a drag of the pin fills the first
   two, and says that our own map, which is WGS-84, is where they come from; what is typed there moves the pin.
   data-map-at="lat,lon" only shows it. */
import { icon } from "./bind.js";

const pinAt = (at, draggable) => window.L.marker(at, { draggable, keyboard: false, icon: window.L.divIcon({ className: "map-mark pin", html: icon("geo-alt"), iconSize: [32, 32], iconAnchor: [16, 30] }) });

export const show = (map, text) => pinAt(text.split(",").map(Number), false).addTo(map);

export function pick(map, box) {
  const [lat, lon, source, datum, error] = box.dataset.mapPick.split(" ").map((id) => document.getElementById(id));
  let pin;
  const fill = ({ lat: y, lng: x }) => {
    [lat.value, lon.value, source.value, datum.value, error.value] = [y.toFixed(6), x.toFixed(6), "map_click", "wgs84", ""];
    [lat, lon].forEach((field) => field.dispatchEvent(new Event("change", { bubbles: true })));
  };
  const draw = () => {
    if (!lat.value || !lon.value || Number.isNaN(Number(lat.value) + Number(lon.value))) return;
    if (!pin) pin = pinAt([0, 0], true).on("dragend", () => fill(pin.getLatLng()));
    pin.setLatLng([lat.value, lon.value]).addTo(map);
    if (!map.getBounds().contains(pin.getLatLng())) map.panTo(pin.getLatLng(), { animate: false });
  };
  map.on("click", (event) => fill(event.latlng));
  [lat, lon].forEach((field) => {
    field.addEventListener("change", draw);
    field.addEventListener("input", () => { [source.value, error.value] = ["gps", ""]; });
  });
  document.addEventListener("draft:restored", draw);
  draw();
}
