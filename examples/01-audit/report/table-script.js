// Sorting and filtering of the package table. Runs in the reader's browser, inside audit.html; the page works without it.
(() => {
  const table = document.getElementById("packages");
  const form = document.getElementById("filters");
  const body = table.tBodies[0];
  const rows = [...body.rows];
  const field = (name) => document.getElementById(`filter-${name}`);
  const texts = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));

  function filter() {
    const words = field("text").value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of rows) {
      const fits =
        words.every((word) => texts.get(row).includes(word)) &&
        ["verdict", "licence", "scope"].every((name) => field(name).value === "*" || row.dataset[name] === field(name).value);
      row.hidden = !fits;
      if (fits) shown += 1;
    }
    document.getElementById("shown").textContent =
      shown === rows.length ? `${shown} package${shown === 1 ? "" : "s"}` : `${shown} of ${rows.length} packages`;
  }

  function sort(column, header) {
    // Numbers begin with the largest, text with A.
    const numeric = header.dataset.sort === "number";
    const current = header.getAttribute("aria-sort");
    const descending = current === null ? numeric : current === "ascending";
    const value = (row) => {
      const cell = row.cells[column];
      return cell.dataset.value ?? cell.textContent.toLowerCase();
    };
    const keyed = rows.map((row, index) => ({ row, index, key: numeric ? Number(value(row)) : value(row) }));
    keyed.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0) * (descending ? -1 : 1) || a.index - b.index);
    for (const other of header.parentElement.cells) other.removeAttribute("aria-sort");
    header.setAttribute("aria-sort", descending ? "descending" : "ascending");
    body.append(...keyed.map(({ row }) => row));
  }

  for (const [column, header] of [...table.tHead.rows[0].cells].entries()) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...header.childNodes);
    button.addEventListener("click", () => sort(column, header));
    header.append(button);
  }
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", filter);
  form.hidden = false;
  // Going back in the browser keeps what was typed.
  filter();

  // On paper nothing can be opened.
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll("details:not([open])")];
    for (const details of closed) details.open = true;
  });
  addEventListener("afterprint", () => {
    for (const details of closed) details.open = false;
  });
})();
