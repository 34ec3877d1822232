// A search box above the tables of error codes: it hides the rows that do not hold every word typed.
document.addEventListener("DOMContentLoaded", () => {
  const tables = [...document.querySelectorAll("table.errcodes")];
  if (tables.length === 0) return;
  const rows = tables.flatMap((table) => [...table.tBodies[0].rows]);
  const texts = rows.map((row) => row.textContent.toLowerCase());
  const box = document.createElement("input");
  box.type = "search";
  box.id = "errcode-search";
  box.placeholder = "45009, 群发, welcome, RateLimitError …";
  box.setAttribute("aria-label", "Search the error codes");
  const count = document.createElement("p");
  count.id = "errcode-count";
  count.setAttribute("role", "status");
  const first = tables[0].closest(".table-wrapper") ?? tables[0];
  const place = document.getElementById("errcode-search-place") ?? first;
  place.before(box, count);
  const search = () => {
    const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    rows.forEach((row, index) => {
      const hit = words.every((word) => texts[index].includes(word));
      row.hidden = !hit;
      shown += hit;
    });
    count.textContent = words.length ? `${shown} of ${rows.length} codes` : "";
  };
  box.addEventListener("input", search);
  box.value = new URLSearchParams(location.search).get("q") ?? "";
  search();
});
