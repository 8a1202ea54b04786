import { Icon, type IconName } from "../components/Icon.tsx";
import { chooseTheme, theme, type Theme } from "../stores/theme.ts";
import { Menu } from "./Menu.tsx";

const THEMES: readonly { readonly theme: Theme; readonly icon: IconName; readonly label: string }[] = [
  { theme: "light", icon: "sun", label: "Light" },
  { theme: "dark", icon: "moon", label: "Dark" },
  { theme: "system", icon: "system", label: "As on this device" },
];

export function ThemeSwitch() {
  const shown = THEMES.find((one) => one.theme === theme.value) ?? THEMES[2];
  return (
    <Menu label={`Theme: ${shown?.label}`} face={<Icon name={shown?.icon ?? "system"} />}>
      {THEMES.map((one) => (
        <button
          key={one.theme}
          type="button"
          class="menu-item"
          aria-pressed={one.theme === theme.value}
          onClick={() => chooseTheme(one.theme)}
        >
          <Icon name={one.icon} size={18} />
          {one.label}
        </button>
      ))}
    </Menu>
  );
}
