// Tables with a head become cards on a phone (`.table--cards`): each cell then says what it is. Roles are said aloud, because
// a browser forgets them when a cell is no table cell any more.
for (const table of document.querySelectorAll(".card.table-scroll > .table, .card > .table-scroll > .table")) {
  const heads = [...table.tHead?.rows[0]?.cells ?? []]
  if (!heads.length) continue
  table.classList.add("table--cards")
  table.setAttribute("role", "table")
  for (const head of heads) head.setAttribute("role", "columnheader")
  for (const group of [table.tHead, ...table.tBodies]) {
    group.setAttribute("role", "rowgroup")
    for (const row of group.rows) row.setAttribute("role", "row")
  }
  for (const row of [...table.tBodies].flatMap(body => [...body.rows])) {
    [...row.cells].forEach((cell, at) => {
      if (cell.localName === "td") cell.setAttribute("role", "cell")
      const head = heads[at]
      if (head && !head.querySelector(".visually-hidden")) cell.dataset.label = head.textContent.trim()
    })
  }
}
