// The bot's clock: shown, and moved on in steps that can be watched.

import { h, icon, menu, post } from "./dom.js";
import { lang, t } from "./words.js";

const minute = 60, hour = 3600, day = 24 * hour;
const days = { zh: "日一二三四五六", en: ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"] };
const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const pause = 140; // ms between two steps

export class Clock {
  constructor(info) {
    this.base = Date.now();
    this.at = performance.now();
    this.offset = 0;
    this.el = document.getElementById("clock");
    this.date = h("span", { class: "date" });
    this.time = h("span", { class: "time" });
    this.progress = h("progress", { max: 1, value: 0, hidden: true });
    this.stop = h("button", { type: "button", class: "step stop", hidden: true, onclick: () => { this.running = false; } }, t("stop"));
    this.steps = h("div", { class: "steps" });
    if (info.advance) this.steps.append(...this.choices().map((c) => h("button", { type: "button", class: "step", onclick: c.run }, c.label)));
    if (info.realTime) this.steps.append(h("button", { type: "button", class: "step", onclick: () => post("clock", { kind: "real" }) }, t("realTime")));
    const open = h("button", { type: "button", class: "now", title: t("botTime"), onclick: () => this.small(open, info) },
      icon("clock"), h("span", { class: "sr" }, t("botTime")), this.date, this.time);
    this.el.append(open, this.steps, this.stop, this.progress);
    setInterval(() => this.draw(), 250);
  }

  choices() {
    return [
      { label: t("plus10m"), run: () => this.run(10 * minute, 5 * minute) },
      { label: t("plus1h"), run: () => this.run(hour, 10 * minute) },
      { label: t("morning"), run: () => this.run(this.toMorning(), 30 * minute) },
      { label: t("plus1d"), run: () => this.run(day, 30 * minute) },
      { label: t("plus1w"), run: () => this.run(7 * day, hour) },
    ];
  }

  // small offers the steps as a menu where the bar has no room for them.
  small(anchor, info) {
    if (!info.advance || getComputedStyle(this.steps).display !== "none") return;
    const list = this.choices();
    if (info.realTime) list.push({ label: t("realTime"), run: () => post("clock", { kind: "real" }) });
    menu(anchor, list);
  }

  set(ms, offset) {
    this.base = ms;
    this.at = performance.now();
    this.offset = offset;
    this.draw();
  }

  now() { return this.base + performance.now() - this.at; }

  // wall is a time with the fields of the bot's zone, read by getUTC….
  wall(ms) { return new Date(ms + this.offset * 1000); }

  hhmm(ms) { return this.wall(ms).toISOString().slice(11, 16); }

  day(ms) {
    const d = this.wall(ms);
    if (lang === "en") return `${days.en[d.getUTCDay()]} ${d.getUTCDate()} ${months[d.getUTCMonth()]}`;
    return `${d.getUTCMonth() + 1}月${d.getUTCDate()}日(周${days.zh[d.getUTCDay()]})`;
  }

  draw() {
    const ms = this.now();
    this.date.textContent = this.day(ms);
    this.time.textContent = this.wall(ms).toISOString().slice(11, 19);
  }

  toMorning() {
    const d = this.wall(this.now());
    const since = d.getUTCHours() * hour + d.getUTCMinutes() * minute + d.getUTCSeconds();
    return day - since + 8 * hour;
  }

  async run(total, step) {
    if (this.running) return;
    this.running = true;
    this.el.classList.add("running");
    this.stop.hidden = this.progress.hidden = false;
    for (let gone = 0; gone < total && this.running;) {
      const n = Math.round(Math.min(step, total - gone));
      if (!(await post("clock", { seconds: n }))) break;
      gone += n;
      this.progress.value = gone / total;
      await new Promise((r) => setTimeout(r, pause));
    }
    this.running = false;
    this.el.classList.remove("running");
    this.stop.hidden = this.progress.hidden = true;
    this.progress.value = 0;
  }
}
