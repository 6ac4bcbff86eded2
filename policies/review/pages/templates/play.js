// Nicer, not needed: only the things that the chosen act is done on are offered.
"use strict";
const act = document.getElementById("act");
const what = document.getElementById("what");
function offer() {
  const kinds = (act.selectedOptions[0]?.dataset.kinds ?? "").split(" ").filter(Boolean);
  for (const option of what.options) {
    const other = kinds.length > 0 && option.value !== "" && !kinds.includes(option.value.split("::")[0]);
    option.hidden = other;
    option.disabled = other;
  }
  if (what.selectedOptions[0]?.disabled) what.value = "";
}
if (act && what) {
  act.addEventListener("change", offer);
  offer();
}
