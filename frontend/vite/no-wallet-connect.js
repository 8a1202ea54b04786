/**
 * Stands in for `@onflow/fcl-wc`, two thirds of FCL's size: without a WalletConnect project FCL calls none of it.
 */
const isAbsent = () => {
  throw new Error("this page is built without WalletConnect");
};
export const initLazy = isAbsent;
export const getProvider = isAbsent;
export const createSessionProposal = isAbsent;
export const request = isAbsent;
export const FLOW_METHODS = {};
export const SERVICE_PLUGIN_NAME = "fcl-plugin-service-walletconnect";
