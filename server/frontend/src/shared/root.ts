/** What the addresses of the site begin with: nothing, or that of a release of its own. */
export const ROOT = document.documentElement.dataset.root ?? "";
