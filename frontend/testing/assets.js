/** Lets Node import what Vite imports: `?raw` gives a file's text, and style sheets give nothing. */
import { register } from "node:module";

register("./hooks.js", import.meta.url);
