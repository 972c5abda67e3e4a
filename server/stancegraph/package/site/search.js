// Finds the things and questions whose names have all words that were sought, best fits first.
(() => {
  "use strict";
  const plain = (text) =>
    text
      .normalize("NFD")
      .replace(/\p{M}/gu, "")
      .toLowerCase()
      .replace(/[^\p{L}\p{N}]+/gu, " ")
      .trim();

  // 0 for the name itself, more for what fits less; null where a word is missing.
  const fit = (name, sought, words) => {
    const text = plain(name);
    if (text === sought) return 0;
    if (text.startsWith(sought)) return 1;
    const parts = text.split(" ");
    if (words.every((word) => parts.includes(word))) return 2;
    if (words.every((word) => parts.some((part) => part.startsWith(word)))) return 3;
    return text.includes(sought) ? 4 : null;
  };

  const best = (names, sought, words) => {
    const fits = names.map((name) => fit(name, sought, words)).filter((each) => each !== null);
    return fits.length ? Math.min(...fits) : null;
  };

  const input = document.getElementById("search");
  const list = document.getElementById("results");
  const told = document.getElementById("found");

  const show = () => {
    const sought = plain(input.value);
    const words = sought.split(" ");
    list.replaceChildren();
    told.textContent = "";
    if (!sought) return;
    const found = window.stancegraphNames
      .map((entry) => [best([entry[2], ...entry[3]], sought, words), entry])
      .filter(([order]) => order !== null)
      .sort(
        ([one, a], [other, b]) =>
          one - other ||
          (a[0] === "source") - (b[0] === "source") ||
          a[2].length - b[2].length ||
          a[2].localeCompare(b[2]),
      );
    told.textContent = found.length ? String(found.length) : told.dataset.none;
    for (const [, [kind, file, label]] of found.slice(0, 200)) {
      const item = document.createElement("li");
      const sort = document.createElement("span");
      sort.className = "sort";
      sort.textContent = kind.replaceAll("-", " ");
      const link = document.createElement("a");
      link.href = file.split("/").map(encodeURIComponent).join("/");
      link.textContent = label;
      item.append(sort, " ", link);
      list.append(item);
    }
  };

  input.value = new URLSearchParams(location.search).get("q") ?? "";
  input.addEventListener("input", show);
  input.form.addEventListener("submit", (event) => {
    event.preventDefault();
    history.replaceState(null, "", `?q=${encodeURIComponent(input.value)}`);
    show();
  });
  show();
})();
