/* <button data-here="lat lon error source datum">: the device fills the fields of these ids (the last three may be left out)
   with where it stands, in WGS-84; data-here-now asks at once while nothing is filled in. data-labels: words for "looking",
   "found, error of", "metres", "no". [data-here-said] in the same form tells. */
import { bind } from "./bind.js";

bind("[data-here]", (button) => {
  const [lat, lon, error, source, datum] = button.dataset.here.split(" ").map((id) => document.getElementById(id));
  const [looking, known, metres, no] = button.dataset.labels.split("|");
  const place = button.closest("form").querySelector("[data-here-said]");
  const say = (text) => { place.textContent = text; };
  const take = ({ coords }, isAsked) => {
    if (!isAsked && lat.value) { say(""); return; } // a draft came first
    [lat.value, lon.value] = [coords.latitude.toFixed(6), coords.longitude.toFixed(6)];
    if (error) [error.value, source.value, datum.value] = [Math.round(coords.accuracy), "gps", "wgs84"];
    say(`${known}${Math.round(coords.accuracy)}${metres}`);
    [lat, lon].forEach((field) => field.dispatchEvent(new Event("change", { bubbles: true })));
  };
  const ask = (isAsked) => {
    if (!navigator.geolocation || !window.isSecureContext) { say(no); return; }
    say(looking);
    navigator.geolocation.getCurrentPosition((found) => take(found, isAsked), () => say(no), { enableHighAccuracy: true, timeout: 15000, maximumAge: 30000 });
  };
  button.addEventListener("click", () => ask(true));
  if ("hereNow" in button.dataset && !lat.value) ask(false);
});
