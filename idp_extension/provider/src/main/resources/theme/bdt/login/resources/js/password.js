// Comfort only, the pages work without it: send what is typed in its one form, show it, tick the rules while typing.
(() => {
  const words = document.currentScript.dataset;

  // A clipboard brings blanks and invisible signs along; keyboards differ in how they send an accent.
  const unseen =
    "[\\s\\u2800\\p{Cf}\\u034f\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f\\u3164\\uffa0\\ufe00-\\ufe0f\\u{e0100}-\\u{e01ef}]";
  const edges = new RegExp(`^${unseen}+|${unseen}+$`, "gu");
  const composed = (text) => text.normalize("NFC");
  // The address of an account is stored as mail servers read it: « céret.fr » is « xn--cret-bpa.fr ».
  const identifiant = (text) => {
    const name = composed(text.replace(edges, ""));
    const [, user, domain] = /^(.*@)([^@]*[^\0-\x7f][^@]*)$/u.exec(name) ?? [];
    return domain && URL.canParse(`https://${domain}`) ? user + new URL(`https://${domain}`).hostname : name;
  };
  const fields = [...document.querySelectorAll('input[type="password"]')];
  const username = document.getElementById("username");
  (username ?? fields[0])?.form.addEventListener("submit", () => {
    for (const field of fields) field.value = composed(field.value);
    if (username) username.value = identifiant(username.value);
  });
  if (!fields.length) return;

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
      const isHeld = holds[rule.dataset.rule](composed(typed.value));
      rule.classList.toggle("held", isHeld);
      spoken.textContent = isHeld ? ` (${words.held})` : "";
    });
  }
})();
