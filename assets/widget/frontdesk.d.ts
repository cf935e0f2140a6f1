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
  /**
   * Says who is signed in on the page; `null` for nobody, which ends their visit in this browser. Call it on each page. Who is not
   * vouched for by a signature is only named to staff. What is refused, the console says, and the chat goes on without it.
   */
  identify(who: SignedIn | null): void;
  /** Calls `tell` whenever something happens. Returns what stops it. */
  on<Name extends keyof FrontdeskEvents>(name: Name, tell: (detail: FrontdeskEvents[Name]) => void): () => void;
}

/** A signature by the page's server, with the key from the console's page "Widget", and what is known of the person. */
export interface SignedIn {
  /** A JSON Web Token (HS256) with `sub` and `exp`; `name`, `email` and `phone` in it are proved. */
  jwt?: string;
  /** The page's own id of the person. */
  userId?: string | number;
  /** HMAC-SHA256 of `user:` and the id, in hexadecimal. It proves the id only. */
  hash?: string;
  name?: string;
  email?: string;
  phone?: string;
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
