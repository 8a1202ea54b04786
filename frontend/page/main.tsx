import { render } from "preact";

import { App } from "./app/App.tsx";
import "./design/tokens.css";
import "./design/base.css";
import "./design/frame.css";
import "./design/components.css";

render(<App />, document.getElementById("page")!);
