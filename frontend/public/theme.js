// Before anything is painted: the theme that was chosen on this device; without a choice, the system's.
try {
  const theme = localStorage.getItem("flareflow.theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // Storage is switched off: the system's theme stays.
}
