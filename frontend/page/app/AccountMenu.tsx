import { CopyButton } from "../components/Copyable.tsx";
import { Icon } from "../components/Icon.tsx";
import { open } from "../router/router.ts";
import { session } from "../stores/server.ts";
import { say } from "../stores/toasts.ts";
import { Menu } from "./Menu.tsx";

export function AccountMenu() {
  const address = session.address.value ?? "";
  const short = `${address.slice(0, 6)}…${address.slice(-4)}`;
  const leave = async () => {
    const { signOut } = await import("../stores/flow.ts");
    const isDisconnected = await signOut();
    say("info", isDisconnected ? "You are signed out, and the wallet is disconnected." : "You are signed out.");
    open("/");
  };
  const face = (
    <>
      <Icon name="wallet" size={18} />
      <span class="account-address mono">
        {short}
      </span>
      <Icon name="down" size={16} />
    </>
  );
  return (
    <Menu label={`Account ${short}`} face={face}>
      <div class="menu-note">
        <span class="faint small">Signed in with</span>
        <code>{address}</code>
        <CopyButton text={address} label="Address" />
      </div>
      <a class="menu-item" href="#/usage">
        Usage
      </a>
      <a class="menu-item" href="#/account">
        Account
      </a>
      <button type="button" class="menu-item" onClick={() => void leave()}>
        Sign out and disconnect
      </button>
    </Menu>
  );
}
