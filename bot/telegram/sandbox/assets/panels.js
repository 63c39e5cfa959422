// The panel beside the phones: the bot's calls, and the faults.

import { h, iconButton, post, toast } from "./dom.js";
import { t } from "./words.js";

const most = 300; // calls that are kept in the page

export class Panels {
  constructor(app) {
    this.app = app;
    this.el = document.getElementById("panel");
    this.calls = [];
    this.open = "";
    this.buildCalls();
    this.buildFaults();
  }

  toggle(name) {
    this.open = this.open === name ? "" : name;
    this.el.hidden = !this.open;
    document.body.classList.toggle("with-panel", !!this.open);
    const body = this.open === "calls" ? this.callsBox : this.faultsBox;
    this.el.replaceChildren(h("header", {}, h("h2", {}, t(this.open || "calls")), iconButton("close", t("close"), () => this.app.toggle(this.open))), body);
    if (this.open === "calls") this.drawCalls();
  }

  buildCalls() {
    this.filter = h("input", { type: "search", placeholder: t("filter"), "aria-label": t("filter"), oninput: () => this.drawCalls() });
    this.polls = h("input", { type: "checkbox", onchange: () => this.drawCalls() });
    this.list = h("div", { class: "calls" });
    this.status = h("p", { class: "hint" });
    this.callsBox = h("div", { class: "panel-body" }, h("div", { class: "filters" }, this.filter,
      h("label", { class: "check" }, this.polls, t("polls"))), this.status, this.list);
  }

  // add takes new calls from the server.
  add(calls, ev) {
    this.status.textContent = `${t("pending")}: ${ev.pending} · 429: ${ev.tooMany}`;
    if (!calls.length) return;
    const known = this.calls.length ? this.calls[this.calls.length - 1].seq : 0;
    if (calls[calls.length - 1].seq < known) { // the sandbox was started anew
      this.calls = [];
      return this.add(calls, ev);
    }
    const fresh = calls.filter((c) => c.seq > known);
    this.calls = [...this.calls, ...fresh].slice(-most);
    if (this.open !== "calls") return;
    for (const c of fresh) if (this.wanted(c)) this.list.prepend(this.row(c));
    while (this.list.children.length > most) this.list.lastElementChild.remove();
    this.list.querySelector(".empty")?.remove();
  }

  wanted(c) {
    if (!this.polls.checked && c.method === "getUpdates" && c.code === 200 && c.result === "[]" && !c.fault) return false;
    const q = this.filter.value.trim().toLowerCase();
    if (!q) return true;
    return [c.method, c.params, c.result, c.error, c.fault, String(c.code), this.app.nameOf(c.chat)].join(" ").toLowerCase().includes(q);
  }

  drawCalls() {
    const rows = this.calls.filter((c) => this.wanted(c)).reverse().map((c) => this.row(c));
    this.list.replaceChildren(...(rows.length ? rows : [h("p", { class: "hint empty" }, t("noCalls"))]));
  }

  row(c) {
    const kind = c.fault ? "fault" : c.code === 429 ? "limit" : c.code === 200 ? "ok" : "bad";
    const head = h("summary", {}, h("span", { class: "code " + kind }, c.code ? String(c.code) : t("cut")),
      h("b", {}, c.method), h("span", { class: "to" }, this.app.nameOf(c.chat)),
      h("span", { class: "ms" }, (c.took / 1000).toFixed(c.took < 10000 ? 1 : 0) + " ms"));
    const el = h("details", { class: "call " + kind + (c.method === "getUpdates" && kind === "ok" ? " poll" : "") }, head);
    el.addEventListener("toggle", () => { // the texts are made when they are looked at
      if (!el.open || el.children.length > 1) return;
      el.append(h("div", { class: "call-body" },
        h("p", { class: "hint" }, this.app.clock.day(c.at) + " " + this.app.clock.wall(c.at).toISOString().slice(11, 23) + (c.fault ? " · " + t(c.fault) : "")),
        h("h3", {}, t("params")), h("pre", {}, pretty(c.params)),
        h("h3", {}, t("result")), h("pre", {}, c.error || pretty(c.result || ""))));
    });
    return el;
  }

  buildFaults() {
    const field = (name, input) => h("label", { class: "field" }, h("span", {}, t(name)), input);
    const number = (value, min, max) => h("input", { type: "number", value: String(value), min: String(min), max: String(max) });
    const methods = this.app.info.methods;
    const method = h("select", {}, h("option", { value: "" }, t("allMethods")), methods.map((m) => h("option", { value: m }, m)));
    const kind = h("select", {}, this.app.info.faults.map((k) => h("option", { value: k }, t(k))));
    const times = number(1, 0, 10000), every = number(1, 1, 1000), chance = number(100, 1, 100), seconds = number(3, 0, 600);
    const add = () => post("fault", {
      method: method.value, kind: kind.value, times: +times.value, every: +every.value,
      probability: +chance.value >= 100 ? 0 : +chance.value / 100, seconds: +seconds.value,
    });
    const spoil = async (k) => { if (await post("updates", { kind: k, times: 1 })) toast(t("armed") + ": " + t(k)); };
    this.activeBox = h("div", { class: "active" });
    this.faultsBox = h("div", { class: "panel-body" }, h("p", { class: "hint" }, t("faultIntro")),
      h("form", { class: "fault-form", onsubmit: (e) => { e.preventDefault(); add(); } },
        field("method", method), field("what", kind),
        h("div", { class: "pair" }, field("times", times), field("every", every)),
        h("div", { class: "pair" }, field("chance", chance), field("seconds", seconds)),
        h("button", { type: "submit", class: "wide primary" }, t("add"))),
      h("h3", {}, t("active")), this.activeBox,
      h("h3", {}, t("updateFaults")), h("div", { class: "spoil" },
        ["duplicate", "reorder", "undecodable", "poller"].map((k) => h("button", { type: "button", class: "wide", onclick: () => spoil(k) }, t(k)))));
    this.setFaults([]);
  }

  setFaults(list) {
    const text = JSON.stringify(list);
    if (text === this.faultText) return;
    this.faultText = text;
    const rows = list.map((f) => h("div", { class: "fault-row" },
      h("span", {}, h("b", {}, t(f.kind)), h("small", {}, (f.method || t("allMethods")) + ` · ${t("fired")} ${f.fired}` + (f.times ? " / " + f.times : ""))),
      iconButton("close", t("close"), () => post("unfault", { id: f.id }))));
    if (rows.length) rows.push(h("button", { type: "button", class: "wide", onclick: () => post("unfault", {}) }, t("clear")));
    this.activeBox.replaceChildren(...(rows.length ? rows : [h("p", { class: "hint" }, t("noFaults"))]));
    this.app.badge("faults", list.length);
  }
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), (_, v) => {
      if (typeof v !== "string" || !/^[[{]/.test(v)) return v;
      try { return JSON.parse(v); } catch { return v; } // objects that travel as text
    }, 2);
  } catch {
    return text;
  }
}
