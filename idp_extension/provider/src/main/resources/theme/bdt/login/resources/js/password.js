// Comfort only, the pages work without it: show what is typed, tick the rules while typing.
(() => {
  const words = document.currentScript.dataset;

  const fields = [...document.querySelectorAll('input[type="password"]')];
  const button = document.createElement("button");
  button.type = "button";
  button.className = "reveal";
  button.textContent = words.show;
  button.setAttribute("aria-controls", fields.map((field) => field.id).join(" "));
  button.addEventListener("click", () => {
    const isHidden = fields[0].type === "password";
    for (const field of fields) field.type = isHidden ? "text" : "password";
    button.textContent = isHidden ? words.hide : words.show;
  });
  fields.at(-1).after(button);

  // The same classes as the server's rule: a letter is any letter of Unicode, the rest is "special".
  const classes = [/\p{Ll}/u, /\p{Lu}/u, /\p{Nd}/u, /[^\p{L}\p{N}]/u];
  const holds = {
    length: (password) => [...password].length >= 8,
    classes: (password) => classes.filter((one) => one.test(password)).length >= 3,
  };
  const typed = document.getElementById("password-new");
  if (!typed) return;
  for (const rule of document.querySelectorAll("[data-rule]")) {
    const spoken = document.createElement("span");
    spoken.className = "visually-hidden";
    rule.append(spoken);
    typed.addEventListener("input", () => {
      const isHeld = holds[rule.dataset.rule](typed.value);
      rule.classList.toggle("held", isHeld);
      spoken.textContent = isHeld ? ` (${words.held})` : "";
    });
  }
})();
