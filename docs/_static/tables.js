// A search box above long tables: it hides the rows that do not hold every word typed.
// A page asks for one with <div class="table-search" data-tables="…" data-noun="…" data-placeholder="…"></div>.
document.addEventListener("DOMContentLoaded", () => {
  for (const place of document.querySelectorAll(".table-search")) addSearch(place);
});

function addSearch(place) {
  const tables = [...document.querySelectorAll(place.dataset.tables)];
  const rows = tables.flatMap((table) => [...table.tBodies[0].rows]);
  const texts = rows.map((row) => row.textContent.toLowerCase());
  const box = document.createElement("input");
  box.type = "search";
  box.placeholder = place.dataset.placeholder;
  box.setAttribute("aria-label", `Search the ${place.dataset.noun}`);
  const count = document.createElement("p");
  count.setAttribute("role", "status");
  place.append(box, count);
  const search = () => {
    const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    rows.forEach((row, index) => {
      const hit = words.every((word) => texts[index].includes(word));
      row.hidden = !hit;
      shown += hit;
    });
    count.textContent = words.length ? `${shown} of ${rows.length} ${place.dataset.noun}` : "";
  };
  box.addEventListener("input", search);
  box.value = new URLSearchParams(location.search).get("q") ?? "";
  search();
}
