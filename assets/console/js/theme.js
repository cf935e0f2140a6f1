// Runs before the page is drawn (a classic script in the head), so that a chosen theme never flashes.
{
  const chosen = localStorage.getItem("fd-theme")
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen
}
