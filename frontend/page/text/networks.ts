/** The networks of Flow and Flare, as people call them. */
export const NETWORKS = {
  emulator: "Flow's local emulator",
  testnet: "Flow testnet",
  mainnet: "Flow mainnet",
  local: "Flare's local network",
  coston2: "Flare Coston2",
  flare: "Flare mainnet",
} as const;
