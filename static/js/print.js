// <button data-print>: the browser's own dialog for the page.
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) print();
});
