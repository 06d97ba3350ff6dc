"use strict";
for (const catalog of document.querySelectorAll(".catalog")) {
  const table = catalog.querySelector("table");
  const body = table.tBodies[0];
  const heads = [...table.tHead.rows[0].cells];
  const rows = [...body.rows].map((row, at) => ({
    row, at,
    state: row.dataset.state ?? "",
    words: row.textContent.toLowerCase(),
    cells: [...row.cells].map((c) => c.textContent.trim()),
  }));

  const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });
  const number = (text) => Number(text.replaceAll(",", "")) || 0;
  const sort = (head, column) => {
    const numeric = "number" in head.dataset;
    const now = head.getAttribute("aria-sort");
    const first = numeric ? "descending" : "ascending";
    const next = now === null ? first : now === "ascending" ? "descending" : "ascending";
    heads.forEach((h) => h.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", next);
    const sign = next === "ascending" ? 1 : -1;
    rows.sort((a, b) => {
      const [x, y] = [a.cells[column], b.cells[column]];
      return sign * (numeric ? number(x) - number(y) : collator.compare(x, y)) || a.at - b.at;
    });
    body.append(...rows.map((r) => r.row));
  };
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    button.addEventListener("click", () => sort(head, column));
    head.append(button);
  });

  const tools = catalog.querySelector(".tools");
  const words = tools.querySelector("input");
  const state = tools.querySelector("select");
  const status = tools.querySelector("[role=status]");
  const filter = () => {
    const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const r of rows) {
      const fits = (!state || !state.value || state.value === r.state) && wanted.every((w) => r.words.includes(w));
      r.row.hidden = !fits;
      shown += fits;
    }
    const count = (n) => n.toLocaleString("en-US");
    status.textContent = shown === rows.length ? count(shown) + " rows" : count(shown) + " of " + count(rows.length) + " rows";
  };
  words.addEventListener("input", filter);
  words.addEventListener("keydown", (e) => {
    if (e.key === "Escape") {
      words.value = "";
      filter();
    }
  });
  state?.addEventListener("change", filter);
  tools.hidden = false;
  filter();
}
