/** FCL 1.21.11 comes without types; `fcl.ts` has those that are used. */
declare module "@onflow/fcl";
