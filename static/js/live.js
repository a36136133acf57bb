// <tbody data-live="200">: rows come in on top while the page is looked at, and at most so many stay.
const rows = document.querySelector("[data-live]");

// Nobody looks at a hidden tab: it asks for nothing, and catches up when it is shown again.
document.addEventListener("htmx:before:request", (event) => {
  if (document.hidden && rows.contains(event.target)) event.preventDefault();
});

new MutationObserver(() => {
  while (rows.rows.length > Number(rows.dataset.live)) rows.lastElementChild.remove();
}).observe(rows, { childList: true });
