// Filters by verdict, area and text. They are style rules, so they hold when the table is drawn anew.
addEventListener("DOMContentLoaded", () => {
  const rules = document.head.appendChild(document.createElement("style"));
  const hidden = { verdict: new Set(), area: new Set() };
  const text = document.getElementById("text-filter");
  const buttons = [...document.querySelectorAll("button[data-key]")];

  const apply = () => {
    const selectors = [];
    for (const [key, values] of Object.entries(hidden))
      for (const value of values) selectors.push(`tbody:has(td[data-${key}="${CSS.escape(value)}"])`);
    const wanted = text.value.trim();
    if (wanted) selectors.push(`tbody:has(.col-verdict):not(:has(td[data-text*=${JSON.stringify(wanted)} i]))`);
    rules.textContent = selectors.map((each) => `#results-table > ${each}{display:none}`).join("");
    for (const button of buttons)
      button.classList.toggle("off", hidden[button.dataset.key].has(button.dataset.value));
  };

  // A click shows that one alone; a click on the only one left shows all again. With Ctrl it toggles one.
  const choose = (button, others, event) => {
    const set = hidden[button.dataset.key];
    const value = button.dataset.value;
    const rest = others.map((each) => each.dataset.value).filter((each) => each !== value);
    if (event.ctrlKey || event.metaKey) set.has(value) ? set.delete(value) : set.add(value);
    else if (!set.has(value) && rest.every((each) => set.has(each))) set.clear();
    else {
      set.clear();
      rest.forEach((each) => set.add(each));
    }
    apply();
  };
  for (const button of buttons) {
    const others = buttons.filter((each) => each.dataset.key === button.dataset.key);
    button.addEventListener("click", (event) => choose(button, others, event));
  }
  text.addEventListener("input", apply);
});
