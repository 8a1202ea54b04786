/** Line icons, in the colour of the text around them. They say nothing to screen readers. */
const PATHS = {
  alert: "M10 6.5v4.2M10 13.6v.1M10 2.6 18 16.4H2L10 2.6Z",
  arrow: "M4 10h12M11 5l5 5-5 5",
  check: "m4.5 10.5 3.6 3.7 7.4-8.4",
  close: "m5 5 10 10M15 5 5 15",
  copy: "M7 7V3.5h9.5V13H13M3.5 7H13v9.5H3.5V7Z",
  down: "m5.5 8 4.5 4.5L14.5 8",
  external: "M8.5 4.5h-4v11h11v-4M11.5 3.5h5v5M16 4l-7 7",
  info: "M10 9v4.5M10 6.4v.1M17.5 10a7.5 7.5 0 1 1-15 0 7.5 7.5 0 0 1 15 0Z",
  key: "M16.5 7a3.5 3.5 0 1 1-7 0 3.5 3.5 0 0 1 7 0ZM10.5 9.5 4 16M6.3 13.7l2 2",
  menu: "M3.5 6h13M3.5 10h13M3.5 14h13",
  moon: "M16.5 11.6A6.9 6.9 0 0 1 8.4 3.5a6.9 6.9 0 1 0 8.1 8.1Z",
  plus: "M10 4v12M4 10h12",
  refresh: "M16.5 4v4h-4M3.5 16v-4h4M16 8a6.4 6.4 0 0 0-11-2.5L3.7 7M4 12a6.4 6.4 0 0 0 11 2.5l1.3-1.5",
  search: "m16.5 16.5-3.8-3.8M14.2 8.9a5.3 5.3 0 1 1-10.6 0 5.3 5.3 0 0 1 10.6 0Z",
  sun: "M10 3V1.8M10 18.2V17M3 10H1.8M18.2 10H17M5 5l-.8-.8M15.8 15.8 15 15M5 15l-.8.8M15.8 4.2 15 5M13.2 10a3.2 3.2 0 1 1-6.4 0 3.2 3.2 0 0 1 6.4 0Z",
  system: "M3 4h14v9.5H3V4ZM7 17h6",
  wallet: "M3.5 6.5v9h13v-9h-13Zm0 0 9.5-3v3M13 11h.01",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 20 }: { readonly name: IconName; readonly size?: number }) {
  const side = `${size / 16}rem`;
  return (
    <svg width={side} height={side} viewBox="0 0 20 20" aria-hidden="true" class="icon">
      <path
        d={PATHS[name]}
        fill="none"
        stroke="currentColor"
        stroke-width="1.6"
        stroke-linecap="round"
        stroke-linejoin="round"
      />
    </svg>
  );
}
