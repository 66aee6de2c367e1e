/* <div data-chart="line|bar" data-from="<id of a table>" role="img">: the table on the page is the truth, the chart only
   draws it. First column: names; second: this period; third: the other one. Colours come from tokens.css. */
import { bind, load } from "./bind.js";

const css = getComputedStyle(document.documentElement);
const v = (name) => css.getPropertyValue(name).trim();
const figure = (text) => (/\d/.test(text) ? Number(text.replace(/[,%\s]/g, "")) : null);

function read(id) {
  const table = document.getElementById(id);
  const names = Array.from(table.tHead.rows[0].cells, (cell) => cell.textContent.trim());
  const rows = Array.from(table.tBodies[0].rows, (row) => Array.from(row.cells, (cell) => cell.textContent.trim()));
  return { names, rows };
}

const text = () => ({ fontFamily: v("--font"), fontSize: 12, color: v("--ink-2") });
const axis = (data, label) => ({
  type: "category", data, axisLine: { lineStyle: { color: v("--line-2") } }, axisTick: { show: false }, axisLabel: label,
});
const common = (legend) => ({
  textStyle: text(), animation: false,
  legend: Object.assign({ top: 8, right: 16, textStyle: text() }, legend),
  tooltip: { trigger: "axis", renderMode: "richText", axisPointer: { type: "shadow" } },
});

function line({ names, rows }) {
  const series = names.slice(1, 3).map((name, at) => ({
    name, type: "line", z: 3 - at, symbol: "circle", symbolSize: at ? 4 : 6, color: v(at ? "--c2" : "--c1"),
    lineStyle: { width: at ? 2 : 3 }, data: rows.map((row) => figure(row[at + 1])),
    label: {
      show: true, fontSize: 14, fontWeight: "bold", position: at ? "top" : "bottom", color: v(at ? "--ink-2" : "--c1"),
      formatter: (point) => (point.dataIndex === rows.length - 1 ? point.value.toLocaleString("zh-CN") : ""),
    },
  }));
  return Object.assign(common({ itemWidth: 18, itemHeight: 8 }), {
    grid: { left: 44, right: 28, top: 40, bottom: 30 }, series,
    xAxis: axis(rows.map((row) => row[0]), text()),
    yAxis: { type: "value", minInterval: 1, splitLine: { lineStyle: { color: v("--line") } }, axisLabel: text() },
  });
}

function bar({ names, rows }) {
  const upward = rows.slice().reverse();
  const series = names.slice(1, 3).map((name, at) => ({
    name, type: "bar", stack: "all", barWidth: 16, color: v(at ? "--late-solid" : "--c1-soft"),
    data: upward.map((row) => figure(row[at + 1]) || null),
    label: { show: true, fontSize: 12, color: v(at ? "--late" : "--ink"), position: at ? "right" : "insideRight" },
  }));
  const widest = Math.max(...rows.map((row) => row[0].length), 4);
  return Object.assign(common({ itemWidth: 12, itemHeight: 12 }), {
    grid: { left: widest * 13 + 16, right: 36, top: 40, bottom: 16 }, series,
    xAxis: { type: "value", show: false },
    yAxis: axis(upward.map((row) => row[0]), { fontSize: 13, color: v("--ink") }),
  });
}

const kinds = { line, bar };

bind("[data-chart]", (box) => {
  load("echarts").then(() => {
    const chart = window.echarts.init(box, null, { renderer: "svg" });
    chart.setOption(kinds[box.dataset.chart](read(box.dataset.from)));
    const frame = () => box.querySelector("svg").setAttribute("viewBox", `0 0 ${chart.getWidth()} ${chart.getHeight()}`);
    frame(); // on paper the drawing is scaled
    window.addEventListener("resize", () => { chart.resize(); frame(); });
  });
});
