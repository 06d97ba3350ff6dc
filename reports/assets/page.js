"use strict";
// A catalog has all its rows as data. They are drawn in chunks, each when it comes
// near to where the table is scrolled to, and taken away behind: a gap as high as
// they were stays. The rows in the markup are for paper, and for where this does not run.
const CHUNK = 50;

class Catalog {
  constructor(box) {
    const { choice, words, rows } = JSON.parse(box.querySelector("script").textContent);
    const word = (cell) => (typeof cell === "number" ? words[cell] : cell);
    this.rows = rows.map((cells, at) => ({
      at,
      texts: cells.map((c) => word(Array.isArray(c) ? c[0] : c)),
      marks: cells.map((c) => (Array.isArray(c) ? { note: word(c[1]), name: c[2] } : null)),
    }));
    for (const r of this.rows) {
      r.words = [...r.texts, ...r.marks.map((m) => m?.note ?? "")].join("\n").toLowerCase();
    }
    this.choice = choice;
    this.shown = this.rows;
    this.table = box.querySelector("table");
    this.heads = [...this.table.tHead.rows[0].cells];
    this.region = box.querySelector(".scroll");
    this.tools = box.querySelector(".tools");
    this.height = 0; // of a row, on average
    this.watch = new IntersectionObserver(
      (entries) => entries.forEach((e) => (e.isIntersecting ? this.draw(e.target) : this.fold(e.target))),
      { root: this.region, rootMargin: "800px 0px" },
    );
    this.heads.forEach((head, column) => this.sortable(head, column));
    this.filterable();
    this.tools.hidden = false;
    box.classList.add("live");
    this.filter();
  }

  cell(row, column) {
    const cell = document.createElement(column ? "td" : "th");
    if (!column) cell.scope = "row";
    const mark = row.marks[column];
    cell.className = [this.heads[column].className, mark?.name].filter(Boolean).join(" ");
    cell.textContent = row.texts[column];
    if (mark?.note) {
      const note = document.createElement("small");
      note.textContent = mark.note;
      cell.append(" ", note);
    }
    return cell;
  }

  gap(height) {
    const row = document.createElement("tr");
    row.className = "gap";
    row.setAttribute("aria-hidden", "true");
    const cell = row.insertCell();
    cell.colSpan = this.heads.length;
    cell.height = height;
    return row;
  }

  draw(chunk) {
    if (!chunk.rows[0]?.matches(".gap")) return;
    const from = Number(chunk.dataset.from);
    chunk.replaceChildren(...this.shown.slice(from, from + CHUNK).map((r, i) => {
      const row = document.createElement("tr");
      row.setAttribute("aria-rowindex", from + i + 2); // the heading is 1
      row.append(...r.texts.map((_, column) => this.cell(r, column)));
      return row;
    }));
  }

  fold(chunk) {
    if (chunk.rows[0]?.matches(".gap")) return;
    chunk.replaceChildren(this.gap(chunk.offsetHeight));
  }

  // lay puts the chunks of what is shown into the table.
  lay() {
    this.watch.disconnect();
    for (const old of [...this.table.tBodies].slice(1)) old.remove();
    this.table.setAttribute("aria-rowcount", this.shown.length + 1);
    this.region.scrollTop = 0;
    for (let from = 0; from < this.shown.length; from += CHUNK) {
      const chunk = this.table.createTBody();
      chunk.className = "chunk";
      chunk.dataset.from = from;
      const rows = Math.min(CHUNK, this.shown.length - from);
      chunk.append(this.gap(Math.ceil(rows * this.height)));
      if (from === 0) {
        this.draw(chunk);
        this.height = chunk.offsetHeight / rows || this.height;
      }
      this.watch.observe(chunk);
    }
    if (!this.shown.length) {
      const none = this.table.createTBody();
      none.className = "chunk";
      none.insertRow().insertCell().textContent = "No row has all of that.";
      none.rows[0].cells[0].colSpan = this.heads.length;
    }
  }

  sortable(head, column) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    button.addEventListener("click", () => this.sort(head, column));
    head.append(button);
  }

  sort(head, column) {
    const numeric = head.classList.contains("n");
    const now = head.getAttribute("aria-sort");
    const first = numeric ? "descending" : "ascending";
    const next = now === null ? first : now === "ascending" ? "descending" : "ascending";
    this.heads.forEach((h) => h.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", next);
    const sign = next === "ascending" ? 1 : -1;
    const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });
    const number = (text) => Number(text.replaceAll(",", "")) || 0;
    const key = (r) => (numeric ? number(r.texts[column]) : r.texts[column]);
    const compare = numeric ? (a, b) => a - b : collator.compare;
    for (const r of this.rows) r.key = key(r);
    this.rows.sort((a, b) => sign * compare(a.key, b.key) || a.at - b.at);
    this.filter();
  }

  filterable() {
    this.words = this.tools.querySelector("input");
    this.select = this.tools.querySelector("select");
    this.status = this.tools.querySelector("[role=status]");
    this.words.addEventListener("input", () => this.filter());
    this.words.addEventListener("keydown", (e) => {
      if (e.key !== "Escape") return;
      this.words.value = "";
      this.filter();
    });
    this.select?.addEventListener("change", () => this.filter());
  }

  filter() {
    const wanted = this.words.value.toLowerCase().split(/\s+/).filter(Boolean);
    const chosen = this.select?.value;
    this.shown = this.rows.filter((r) => (!chosen || r.texts[this.choice] === chosen) && wanted.every((w) => r.words.includes(w)));
    const count = (n) => n.toLocaleString("en-US");
    this.status.textContent = this.shown.length === this.rows.length
      ? count(this.rows.length) + " rows"
      : count(this.shown.length) + " of " + count(this.rows.length) + " rows";
    this.lay();
  }
}

for (const box of document.querySelectorAll(".catalog")) new Catalog(box);
