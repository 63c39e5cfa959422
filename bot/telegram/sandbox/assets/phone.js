// One person's phone: head, history, keyboard and input.

import { h, icon, iconButton, menu, post, toast } from "./dom.js";
import { bubble } from "./message.js";
import { pick, face } from "./picker.js";
import { label, t } from "./words.js";

const maxFile = 50 * 1024 * 1024;

export class Phone {
  constructor(persona, app) {
    this.persona = persona;
    this.app = app;
    this.id = persona.id;
    this.clock = app.clock;
    this.username = app.info.username;
    this.messages = new Map(); // id -> message
    this.shown = new Map(); // id -> element
    this.presses = new Map(); // press id -> {message, row, col}
    this.answers = []; // the last that came; one may be here before press returns
    this.commands = [];
    this.state = "";
    this.day = "";
    this.build();
  }

  build() {
    const p = this.persona;
    this.history = h("div", { class: "history", role: "log", "aria-live": "polite", "aria-label": p.name, tabIndex: 0, "data-empty": t("empty") });
    this.footer = h("div", { class: "footer" });
    this.notice = h("div", { class: "answer", role: "status" });
    const more = iconButton("more", t("more"), () => this.more(more), { "aria-haspopup": "menu" });
    this.el = h("section", { class: "phone", id: "phone-" + this.id, "aria-label": p.name, "data-user": String(this.id) },
      h("header", { class: "phone-head" }, face(p),
        h("div", { class: "who" }, h("h2", {}, p.name), h("p", {}, [label(p.role), label(p.place)].filter(Boolean).join(" · "))),
        more),
      this.history, h("div", { class: "foot" }, this.notice, this.footer));
    this.composer = this.buildComposer();
  }

  buildComposer() {
    this.input = h("textarea", { rows: 1, placeholder: t("write"), "aria-label": t("write") + ": " + this.persona.name, maxLength: 4096 });
    this.input.addEventListener("keydown", (e) => {
      if (e.key !== "Enter" || e.shiftKey || e.isComposing) return;
      e.preventDefault();
      this.submit();
    });
    this.input.addEventListener("input", () => this.grow());
    const file = h("input", { type: "file", hidden: true, tabIndex: -1, onchange: () => this.sendFile(file) });
    const commands = iconButton("menu", t("commands"), () => this.commandMenu(commands), { "aria-haspopup": "menu" });
    return h("form", { class: "composer", onsubmit: (e) => { e.preventDefault(); this.submit(); } },
      commands, iconButton("clip", t("attach"), () => file.click()), file, this.input,
      h("button", { type: "submit", class: "send", title: t("send"), "aria-label": t("send") }, icon("send")));
  }

  grow() {
    this.input.style.height = "auto";
    this.input.style.height = Math.min(this.input.scrollHeight, 120) + "px";
  }

  // apply takes what changed in the chat.
  apply(chat) {
    if (chat.reset) {
      this.messages.clear();
      this.shown.clear();
      this.history.replaceChildren();
      this.day = "";
    }
    const near = this.history.scrollHeight - this.history.scrollTop - this.history.clientHeight < 120;
    for (const id of chat.removed || []) this.drop(id);
    let fresh = 0;
    for (const m of chat.messages || []) fresh += this.put(m) && m.bot ? 1 : 0;
    this.commands = chat.menu || [];
    this.answers = chat.answers || [];
    this.settle();
    this.renderFooter(chat);
    if (near || chat.reset) this.history.scrollTop = this.history.scrollHeight;
    return chat.reset ? 0 : fresh;
  }

  // put shows a message, new or edited; true for a new one.
  put(m) {
    const old = this.shown.get(m.id);
    const el = bubble(m, this);
    this.messages.set(m.id, m);
    this.shown.set(m.id, el);
    if (old) {
      const had = old.contains(document.activeElement);
      old.replaceWith(el);
      if (m.edited) el.classList.add("changed");
      if (had) el.querySelector("button")?.focus({ preventScroll: true });
      return false;
    }
    const day = this.clock.day(m.at * 1000);
    if (day !== this.day) {
      this.day = day;
      this.history.append(h("div", { class: "day" }, h("span", {}, day)));
    }
    this.history.append(el);
    return true;
  }

  drop(id) {
    this.shown.get(id)?.remove();
    this.shown.delete(id);
    this.messages.delete(id);
  }

  // settle ends the wait of answered presses and shows what the bot said.
  settle() {
    for (const a of this.answers) {
      const p = this.presses.get(a.id);
      if (!p) continue;
      this.presses.delete(a.id);
      this.redraw(p.message);
      if (a.text) this.announce(a.text, a.alert);
    }
  }

  redraw(id) {
    const m = this.messages.get(id);
    if (m) this.put(m);
    this.shown.get(id)?.classList.remove("changed");
  }

  announce(text, alert) {
    clearTimeout(this.noticeTimer);
    const close = () => this.notice.classList.remove("show");
    this.notice.replaceChildren(h("p", {}, text), alert ? h("button", { type: "button", onclick: close }, t("ok")) : "");
    this.notice.classList.add("show");
    if (!alert) this.noticeTimer = setTimeout(close, 5000);
  }

  waits(message, row, col) {
    return [...this.presses.values()].some((p) => p.message === message && p.row === row && p.col === col);
  }

  renderFooter(chat) {
    const keyboard = JSON.stringify(chat.keyboard);
    if (this.state === chat.state && this.keyboard === keyboard) return;
    this.state = chat.state;
    this.keyboard = keyboard;
    this.el.dataset.state = chat.state;
    const parts = { new: () => this.startFooter(), blocked: () => this.blockedFooter(), deactivated: () => this.goneFooter() }[chat.state];
    this.footer.replaceChildren(...(parts ? parts() : [this.chips(), this.composer, this.keys(chat.keyboard)].filter(Boolean)));
  }

  startFooter() {
    return [h("p", { class: "hint" }, t("startHint")), this.chips() || "",
      h("button", { type: "button", class: "wide primary", onclick: () => this.say("/start") }, t("start"))];
  }

  blockedFooter() {
    return [h("p", { class: "hint" }, t("blocked")),
      h("button", { type: "button", class: "wide", onclick: () => post("block", { user: this.id, on: false }) }, t("unblock"))];
  }

  goneFooter() { return [h("p", { class: "hint" }, t("deactivated"))]; }

  chips() {
    const list = this.persona.suggest || [];
    if (!list.length) return null;
    return h("div", { class: "chips" }, list.map((s) => h("button", {
      type: "button", class: "suggest", onclick: () => (s.payload ? this.open(s.payload) : this.say(s.text)),
    }, label(s.label) || s.text)));
  }

  keys(rows) {
    if (!rows) return null;
    return h("div", { class: "keys" }, rows.map((row) => h("div", { class: "button-row" }, row.map((k) => h("button", {
      type: "button", class: "key", onclick: () => (k.contact ? this.contact("own") : this.say(k.text)),
    }, k.contact ? icon("card") : null, h("span", {}, k.text))))));
  }

  async submit() {
    const text = this.input.value.trim();
    if (!text) return;
    if (await this.say(text)) {
      this.input.value = "";
      this.grow();
    }
  }

  say(text) {
    this.toEnd();
    return post("say", { user: this.id, text });
  }

  open(payload) {
    this.toEnd();
    return post("open", { user: this.id, payload });
  }

  toEnd() { this.history.scrollTop = this.history.scrollHeight; }

  async press(message, row, col) {
    const answer = await post("press", { user: this.id, chat: this.id, message, row, col });
    if (!answer) return;
    this.presses.set(answer.press, { message, row, col });
    this.redraw(message);
    this.settle();
  }

  contact(kind, other) { return post("contact", { user: this.id, chat: other, kind }); }

  async sendFile(input) {
    const f = input.files[0];
    input.value = "";
    if (!f) return;
    if (f.size > maxFile) return toast(t("tooBig"));
    const url = await new Promise((resolve) => {
      const r = new FileReader();
      r.onload = () => resolve(r.result);
      r.readAsDataURL(f);
    });
    await post("file", { user: this.id, name: f.name, body: url.slice(url.indexOf(",") + 1) });
    this.toEnd();
  }

  // openOn lets a person of choice open a deep link, this one first.
  async openOn(payload, title) {
    const id = await pick(this.app, { title, first: this.id });
    if (id) this.app.phone(id).open(payload);
  }

  commandMenu(anchor) {
    if (!this.commands.length) return toast(t("noCommands"));
    menu(anchor, this.commands.map((c) => ({ label: "/" + c.command, hint: c.description, run: () => this.say("/" + c.command) })));
  }

  more(anchor) {
    const other = (kind) => async () => {
      const id = await pick(this.app, { title: t("pick"), without: this.id });
      if (id) this.contact(kind, id);
    };
    menu(anchor, [
      { label: t("ownCard"), run: () => this.contact("own") },
      { label: t("otherCard"), hint: t("badHint"), run: other("other") },
      { label: t("forwardedCard"), hint: t("badHint"), run: other("forwarded") },
      { label: t("block"), run: () => post("block", { user: this.id, on: true }) },
      { label: t("deactivate"), danger: true, run: () => post("deactivate", { user: this.id }) },
      { label: t("remove"), run: () => this.app.remove(this.id) },
    ]);
  }
}
