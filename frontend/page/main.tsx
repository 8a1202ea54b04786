import { render } from "preact";

import { App } from "./app/App.tsx";
import { current } from "./router/router.ts";
import "./design/tokens.css";
import "./design/base.css";
import "./design/frame.css";
import "./design/components.css";

// The view's code is fetched while the frame around it is drawn; where that fails, the frame tries again and says so.
current.peek()?.route.load().catch(() => undefined);
render(<App />, document.getElementById("page")!);
