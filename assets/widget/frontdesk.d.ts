/**
 * What a page can do with Frontdesk's widget.
 *
 * The script is loaded asynchronously. Wait for the event `frontdesk-loaded` of the document, or ask whether
 * `window.Frontdesk` is there already.
 */
export interface Frontdesk {
  /** Opens the panel. */
  open(): void;
  /** Closes the panel. */
  close(): void;
  /** Adds to what is known about the page. Absent fields stay; an empty text takes one back. */
  setContext(values: PageContext): void;
  /** Calls `tell` whenever something happens. Returns what stops it. */
  on<Name extends keyof FrontdeskEvents>(name: Name, tell: (detail: FrontdeskEvents[Name]) => void): () => void;
}

export interface PageContext {
  /** Address of the page as staff shall see it; its query is cut. */
  page?: string;
  /** Short name of an assistant that is open to visitors, for a conversation that begins. */
  assistant?: string;
  /** Language of the widget, as an ISO 639-1 code. */
  language?: string;
}

export interface FrontdeskEvents {
  open: null;
  close: null;
  /** Somebody wrote. */
  message: { role: "user" | "assistant" | "agent" | "system"; text: string; author?: string };
  /** Whose turn it is: the assistant's, nobody's yet, a person's, or the conversation is closed. */
  state: { state: "open" | "waiting" | "human" | "closed"; person?: string };
  /** Something did not work; `message` is what the visitor reads. */
  problem: { message: string };
}

declare global {
  interface Window {
    readonly Frontdesk?: Frontdesk;
  }
  interface DocumentEventMap {
    "frontdesk-loaded": CustomEvent<null>;
  }
}
