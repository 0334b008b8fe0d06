"""The page at ``/_emulator/``: the last requests, and why each went the way it did.

Belongs here: one page of HTML, complete in itself. Never here: what is shown; the page asks ``/_emulator/requests``.
What comes from outside is only ever set as text.
"""

from __future__ import annotations

PAGE = b"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>apigw-emu</title>
<style>
body { margin: 0; font: 14px/1.5 system-ui, sans-serif; color: #1d2733; background: #f6f7f9; }
header { display: flex; gap: 1em; align-items: baseline; padding: .6em 1em; background: #1d2733; color: #fff; }
header h1 { font-size: 1.1em; margin: 0; } header span { opacity: .7; }
header button { margin-left: auto; }
main { display: grid; grid-template-columns: minmax(24em, 2fr) 3fr; gap: 1em; padding: 1em; }
table { border-collapse: collapse; width: 100%; background: #fff; }
td, th { text-align: left; padding: .25em .6em; border-bottom: 1px solid #e3e6ea; white-space: nowrap; }
td.path { white-space: normal; word-break: break-all; }
tbody tr { cursor: pointer; } tbody tr:hover, tr.chosen { background: #eaf2fd; }
.bad { color: #b3261e; font-weight: 600; } .good { color: #1b6e3c; }
section { background: #fff; padding: .5em 1em; min-height: 10em; }
pre { white-space: pre-wrap; word-break: break-all; font: 12px/1.5 ui-monospace, monospace; }
</style></head><body>
<header><h1>apigw-emu</h1><span id="state"></span><button id="pause">Pause</button></header>
<main><div><table><thead><tr><th>Time</th><th>Status</th><th>ms</th><th>Request</th></tr></thead>
<tbody id="list"></tbody></table></div>
<section><h2 id="title">Choose a request</h2><p id="why" class="bad"></p><pre id="log"></pre></section></main>
<script>
const at = (id) => document.getElementById(id);
let chosen = null, paused = false, shown = "";
const cell = (row, text, kind) => {
  const made = row.insertCell(); made.textContent = text; if (kind) made.className = kind; return made;
};
async function show(id) {
  chosen = id;
  const answer = await fetch("/_emulator/requests/" + encodeURIComponent(id));
  const one = await answer.json();
  at("title").textContent = answer.ok ? `${one.method} ${one.path} ${one.status}` : one.message;
  at("why").textContent = one.gatewayResponse ? `${one.gatewayResponse}: ${one.why || ""}` : "";
  at("log").textContent = (one.log || []).join("\\n");
  for (const row of at("list").rows) row.className = row.dataset.id === id ? "chosen" : "";
}
async function refresh() {
  if (paused) return;
  try {
    const answer = await fetch("/_emulator/requests");
    const requests = (await answer.json()).requests;
    at("state").textContent = `${requests.length} requests`;
    const now = requests.map((each) => each.requestId).join();
    if (now === shown) return;
    shown = now;
    const rows = requests.map((each) => {
      const row = document.createElement("tr");
      row.dataset.id = each.requestId;
      row.className = each.requestId === chosen ? "chosen" : "";
      cell(row, each.time.slice(11, 23));
      cell(row, each.status, each.status >= 400 ? "bad" : "good").title = each.gatewayResponse || "";
      cell(row, each.milliseconds);
      cell(row, `${each.method} ${each.path}`, "path");
      row.onclick = () => show(each.requestId);
      return row;
    });
    at("list").replaceChildren(...rows);
  } catch (error) { at("state").textContent = "no answer"; }
}
at("pause").onclick = () => { paused = !paused; at("pause").textContent = paused ? "Go on" : "Pause"; };
refresh(); setInterval(refresh, 1000);
</script></body></html>
"""
