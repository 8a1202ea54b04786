/**
 * The address of something in an explorer, from a template of `GET /v1/deployment` such as `https://…/tx/{transaction}`.
 * Null where the network has no explorer.
 */
export function explorerLink(
  template: string | undefined,
  values: Readonly<Record<string, string>>,
): string | null {
  if (template === undefined) return null;
  return template.replace(/{(\w+)}/g, (_, name: string) => {
    const value = values[name] ?? "";
    // Flowscan names a contract A.<address without 0x>.<name>.
    return encodeURIComponent(template.includes(`A.{${name}}`) ? value.replace(/^0x/, "") : value);
  });
}
