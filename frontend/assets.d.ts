/** What Vite imports that is no module: a file's text, and style sheets. */
declare module "*?raw" {
  const text: string;
  export default text;
}

declare module "*.css";
