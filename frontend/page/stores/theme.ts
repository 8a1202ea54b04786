import { signal } from "@preact/signals";

export type Theme = "light" | "dark" | "system";

const PLACE = "flareflow.theme";

function chosenBefore(): Theme {
  const text = localStorage.getItem(PLACE);
  return text === "light" || text === "dark" ? text : "system";
}

export const theme = signal<Theme>(chosenBefore());

/** Shows the page in a theme, and remembers it on this device; `system` follows the device's own setting. */
export function chooseTheme(chosen: Theme): void {
  theme.value = chosen;
  if (chosen === "system") {
    localStorage.removeItem(PLACE);
    delete document.documentElement.dataset["theme"];
  } else {
    localStorage.setItem(PLACE, chosen);
    document.documentElement.dataset["theme"] = chosen;
  }
}
