// The page: which phones are open, and the stream that keeps them current.

import { h, icon, toast } from "./dom.js";
import { Clock } from "./clock.js";
import { Panels } from "./panels.js";
import { Phone } from "./phone.js";
import { pick } from "./picker.js";
import { label, lang, switchLanguage, t } from "./words.js";

class App {
  constructor(info) {
    this.info = info;
    this.people = new Map(info.personas.map((p) => [p.id, p]));
    this.phones = new Map();
    this.unread = new Map();
    this.main = document.getElementById("phones");
    this.tabs = document.getElementById("tabs");
    this.clock = new Clock(info);
    this.badges = {};
    this.buildBar();
    this.panels = new Panels(this);
    for (const id of this.remembered()) this.add(id);
    this.select(this.phones.keys().next().value);
    this.connect();
    if (innerWidth > 1100) this.toggle("calls");
  }

  buildBar() {
    document.documentElement.lang = lang === "en" ? "en" : "zh-CN";
    const title = label(this.info.title);
    document.getElementById("title").textContent = this.info.bot + (title ? " · " + title : "");
    document.title = this.info.bot + " · " + t("demo");
    document.getElementById("subtitle").textContent = t("subtitle");
    const tool = (name, glyph, run) => {
      this.badges[name] = h("span", { class: "badge", hidden: true });
      return h("button", { type: "button", class: "tool", id: "tool-" + name, onclick: run }, icon(glyph), h("span", { class: "tool-text" }, t(name)), this.badges[name]);
    };
    document.getElementById("tools").append(
      tool("addPhone", "plus", () => this.choose()),
      tool("calls", "calls", () => this.toggle("calls")),
      tool("faults", "bolt", () => this.toggle("faults")),
      h("button", { type: "button", class: "tool quiet", lang: lang === "en" ? "zh-CN" : "en", onclick: switchLanguage }, t("language")));
  }

  badge(name, n) {
    this.badges[name].textContent = String(n);
    this.badges[name].hidden = !n;
  }

  toggle(name) {
    this.panels.toggle(name);
    for (const n of ["calls", "faults"]) {
      document.getElementById("tool-" + n).setAttribute("aria-pressed", String(this.panels.open === n));
    }
  }

  remembered() {
    const saved = JSON.parse(sessionStorage.getItem("sandbox-phones") || "null");
    const ids = saved || this.info.personas.filter((p) => p.show).map((p) => p.id);
    return ids.filter((id) => this.people.has(id));
  }

  remember() { sessionStorage.setItem("sandbox-phones", JSON.stringify([...this.phones.keys()])); }

  async choose() {
    const id = await pick(this, { title: t("addPhone") });
    if (id) this.phone(id);
  }

  // phone is a person's phone, opened and in view.
  phone(id) {
    if (!this.phones.has(id)) {
      this.add(id);
      this.connect();
    }
    this.select(id);
    return this.phones.get(id);
  }

  add(id) {
    const p = new Phone(this.people.get(id), this);
    this.phones.set(id, p);
    this.main.querySelector(".no-phones")?.remove();
    this.main.append(p.el);
    this.drawTabs();
    this.remember();
  }

  remove(id) {
    this.phones.get(id)?.el.remove();
    this.phones.delete(id);
    this.remember();
    this.select(this.phones.keys().next().value);
    this.connect();
  }

  select(id) {
    this.current = id;
    this.unread.delete(id);
    for (const [n, p] of this.phones) p.el.classList.toggle("current", n === id);
    if (!this.phones.size) this.main.replaceChildren(h("p", { class: "no-phones" }, t("noPhones")));
    this.phones.get(id)?.el.scrollIntoView({ behavior: "smooth", inline: "nearest", block: "nearest" });
    this.drawTabs();
  }

  drawTabs() {
    this.tabs.replaceChildren(...[...this.phones.values()].map((p) => h("button", {
      type: "button", role: "tab", class: "tab", "aria-controls": "phone-" + p.id, "aria-selected": String(p.id === this.current), onclick: () => this.select(p.id),
    }, p.persona.name, this.unread.get(p.id) ? h("span", { class: "badge" }, String(this.unread.get(p.id))) : null)));
  }

  nameOf(id) { return id ? this.people.get(id)?.name || String(id) : ""; }

  connect() {
    this.stream?.close();
    this.stream = new EventSource("/sandbox/events?show=" + [...this.phones.keys()].join(","));
    this.stream.onmessage = (e) => this.apply(JSON.parse(e.data));
    this.stream.onopen = () => document.body.classList.remove("lost");
    this.stream.onerror = () => {
      if (!document.body.classList.contains("lost")) toast(t("lost"));
      document.body.classList.add("lost");
    };
  }

  async apply(ev) {
    this.clock.set(ev.now, ev.offset);
    if (this.info.personasRev !== ev.personas) await this.reload();
    for (const chat of ev.chats || []) {
      const fresh = this.phones.get(chat.id)?.apply(chat);
      if (fresh && chat.id !== this.current) this.unread.set(chat.id, (this.unread.get(chat.id) || 0) + fresh);
    }
    if (ev.chats) this.drawTabs();
    this.panels.add(ev.calls || [], ev);
    this.panels.setFaults(ev.faults);
    this.badge("calls", ev.tooMany);
  }

  // reload takes personas that the app added meanwhile.
  async reload() {
    const info = await (await fetch("/sandbox/state")).json();
    this.info.personas = info.personas;
    this.info.personasRev = info.personasRev;
    for (const p of this.info.personas) this.people.set(p.id, p);
  }
}

const resp = await fetch("/sandbox/state");
new App(await resp.json());
document.body.classList.add("ready");
