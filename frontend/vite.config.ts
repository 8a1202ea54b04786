import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

/** Where the API answers while the page is developed: the local stack's public host. */
const API = process.env["FLAREFLOW_API"] ?? "http://127.0.0.1:14000";

/** Parts that most views have come as one file: a phone waits longer for each of ten small ones. */
const SHARED = {
  name: "shared",
  test: /\/page\/(components|text)\/|\/stores\/(clock|fresh)\.|\/verify\/amounts\./,
  minShareCount: 6,
};

export default defineConfig({
  base: "./",
  resolve: {
    alias: { "@onflow/fcl-wc": fileURLToPath(new URL("./vite/no-wallet-connect.js", import.meta.url)) },
  },
  server: {
    fs: { allow: [".."] },
    proxy: { "/v1": API, "/live": { target: API, ws: true } },
  },
  build: {
    target: ["chrome123", "firefox121", "safari17.5"],
    manifest: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: { output: { codeSplitting: { groups: [SHARED] } } },
  },
});
