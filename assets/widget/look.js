// How the widget looks.

const CSS = `
:host { all: initial; --accent: var(--light, #0f6b57); --on: var(--on-light, #fff); --page: #fff; --sunk: #f3f2ee; --text: #1b211e; --soft: #56605b; --line: #dcd9d1; --warn: #b0281a;
  color-scheme: light dark; font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", Arial, sans-serif; color: var(--text); }
@media (prefers-color-scheme: dark) { :host(:not([theme=light])) { --accent: var(--dark, #4fae96); --on: var(--on-dark, #000); --page: #191d1b; --sunk: #262b28; --text: #eef1ee; --soft: #a9b3ae; --line: #3b423e; --warn: #ff9d8f; } }
:host([theme=dark]) { --accent: var(--dark, #4fae96); --on: var(--on-dark, #000); --page: #191d1b; --sunk: #262b28; --text: #eef1ee; --soft: #a9b3ae; --line: #3b423e; --warn: #ff9d8f; }
* { box-sizing: border-box; }
[hidden], :host([hidden]) { display: none !important; }
button, textarea, input, select { font: inherit; color: inherit; }
button { min-width: 44px; min-height: 44px; border: 0; border-radius: 12px; background: none; cursor: pointer; display: inline-flex; align-items: center; justify-content: center; gap: 6px; padding: 0 10px; }
button:hover { background: var(--sunk); }
button:disabled { opacity: .5; cursor: default; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
svg { width: 22px; height: 22px; fill: none; stroke: currentColor; stroke-width: 1.9; stroke-linecap: round; stroke-linejoin: round; flex: none; }
.fill, .launch, .said.me, [aria-pressed=true], textarea:not(:placeholder-shown) + button { background: var(--accent); color: var(--on); }
.end, .badge { background: #b0281a; color: #fff; }
.fill:hover, .launch:hover { background: var(--accent); filter: brightness(1.12); } .end:hover { background: #94200f; }
.edge { border: 1px solid var(--line); font-size: 14px; }
.launch { position: fixed; z-index: 2147483000; inset-block: auto var(--frontdesk-bottom, 20px); inset-inline: auto 20px; width: 60px; height: 60px; border-radius: 50%; box-shadow: 0 6px 24px rgb(0 0 0 / 28%); }
.launch svg { width: 28px; height: 28px; } .launch:dir(rtl) svg { transform: scaleX(-1); }
.panel { display: flex; flex-direction: column; background: var(--page); color: var(--text); min-height: 0; }
:host(:not([mode])) .panel { position: fixed; z-index: 2147483000; inset-block: auto calc(var(--frontdesk-bottom, 20px) + 72px); inset-inline: auto 20px; width: 384px; height: min(620px, calc(100dvh - var(--frontdesk-bottom, 20px) - 92px)); border: 1px solid var(--line); border-radius: 18px; overflow: clip; box-shadow: 0 14px 50px rgb(0 0 0 / 30%); }
:host([start]) .launch, :host([start]:not([mode])) .panel, :host([start]) .teaser { inset-inline: 20px auto; }
@media (max-width: 480px) { :host(:not([mode])) .panel { inset: 0; width: auto; height: auto; border: 0; border-radius: 0; } .launch[aria-expanded="true"] { display: none; } }
:host([mode=page]) { display: block; height: 100%; } :host([mode=page]) .panel { height: 100%; }
:host([mode=page]) .panel > :not(.tiny) { width: 100%; max-width: 46rem; margin-inline: auto; }
:host([mode=bar]) { display: block; } :host([mode=bar]) .panel { background: none; }
header { display: flex; align-items: center; gap: 8px; padding: 8px; padding-inline-start: 18px; border-bottom: 1px solid var(--line); }
h2 { margin: 0; flex: 1; font-size: 17px; font-weight: 650; overflow-wrap: anywhere; }
.logo { height: 32px; max-width: 96px; }
.bar { display: flex; align-items: center; flex-wrap: wrap; gap: 4px 10px; margin: 0; padding: 8px 16px; font-size: 14px; background: var(--sunk); border-bottom: 1px solid var(--line); }
.bar button { min-height: 32px; }
.lost, .sheet .bad { color: var(--warn); }
.menu { display: grid; border-bottom: 1px solid var(--line); padding: 6px; } .menu button { justify-content: flex-start; font-size: 15px; }
.teaser { position: fixed; z-index: 2147483000; inset-block: auto calc(var(--frontdesk-bottom, 20px) + 72px); inset-inline: auto 20px; max-width: min(300px, calc(100vw - 40px)); display: flex; align-items: flex-start; padding: 4px; background: var(--page); color: var(--text); border: 1px solid var(--line); border-radius: 16px; box-shadow: 0 6px 24px rgb(0 0 0 / 24%); }
.say { justify-content: flex-start; text-align: start; }
.badge { position: absolute; inset-block-start: -4px; inset-inline-end: -4px; min-width: 24px; padding: 0 6px; border-radius: 12px; font-size: 14px; font-weight: 700; line-height: 24px; }
.log { flex: 1; overflow-y: auto; overscroll-behavior: contain; padding: 16px; display: flex; flex-direction: column; gap: 12px; }
.log:focus-visible { outline-offset: -3px; }
.turn, .first { display: flex; flex-direction: column; align-items: flex-start; gap: 4px; } .turn.mine { align-items: flex-end; }
.first { gap: 12px; }
.about, .who, .state, .typer { margin: 0; font-size: 13px; color: var(--soft); }
.asks { display: flex; flex-wrap: wrap; gap: 8px; } .ask { text-align: start; border-color: var(--accent); }
.text { min-width: 0; min-height: 24px; padding: 0 4px; text-decoration: underline; } .say.text { text-decoration: none; min-height: 44px; padding: 8px 10px; }
.thumbs { display: flex; } .thumb { min-width: 32px; min-height: 32px; padding: 0; color: var(--soft); } .thumb svg { width: 18px; height: 18px; } .thumb[aria-pressed=true] { color: var(--on); }
.file { max-width: 88%; } .file canvas { display: block; max-width: 100%; height: auto; border-radius: 12px; margin-bottom: 4px; } .file button { max-width: 100%; overflow-wrap: anywhere; }
.said { max-width: 88%; padding: 9px 13px; border-radius: 16px; background: var(--sunk); overflow-wrap: anywhere; }
.said.staff { background: none; border: 2px solid var(--accent); }
.said.live { opacity: .75; }
.said.related { background: none; border: 1px dashed currentColor; }
.said p { margin: 0; white-space: pre-wrap; unicode-bidi: plaintext; } .said p + p { margin-top: 8px; }
a { color: inherit; }
.badge:empty, .first:empty, .state:empty, .bad:empty { display: none; }
.said.bad { color: var(--warn); } .said.note { background: none; color: var(--soft); font-size: 14px; padding: 0 4px; }
.cite { min-width: 24px; min-height: 24px; padding: 0 6px; margin: 0 2px; border-radius: 12px; font-size: 12px; font-weight: 700; background: var(--page); color: var(--text); border: 1px solid var(--line); vertical-align: 1px; }
blockquote { margin: 8px 0 0; padding: 6px 10px; border-inline-start: 3px solid var(--accent); background: var(--page); font-size: 14px; white-space: pre-wrap; unicode-bidi: plaintext; }
blockquote b { display: block; font-size: 13px; color: var(--soft); }
.call { border-top: 1px solid var(--line); padding: 10px 12px; display: grid; gap: 8px; background: var(--sunk); }
:host([mode=bar]) .call { border: 1px solid var(--line); border-radius: 14px; margin-bottom: 8px; }
.row { display: flex; align-items: center; gap: 8px; flex-wrap: wrap; }
.phase { flex: 1; font-weight: 600; font-size: 15px; display: flex; align-items: center; gap: 8px; min-height: 28px; }
.dot { width: 10px; height: 10px; border-radius: 50%; background: var(--soft); }
[data-phase=listening] .dot, [data-phase=hearing] .dot { background: #1f9d55; }
[data-phase=thinking] .dot { background: #d18a00; animation: beat 1s infinite; } [data-phase=speaking] .dot { background: var(--accent); animation: beat 1s infinite; }
@keyframes beat { 50% { opacity: .3; } }
.meter { width: 92px; height: 8px; border-radius: 4px; background: var(--line); overflow: clip; }
.meter i { display: block; height: 100%; width: 0; background: #1f9d55; }
.muted .meter i { background: var(--soft); }
.hold { flex: 1; touch-action: none; user-select: none; }
.partial { margin: 0; font-size: 14px; color: var(--soft); min-height: 21px; overflow-wrap: anywhere; }
.ask { margin: 0; font-size: 15px; }
.sheets { display: flex; flex-direction: column; min-height: 0; max-height: 72%; }
.sheet { border-top: 1px solid var(--line); padding: 12px 16px; overflow-y: auto; display: grid; align-content: start; gap: 10px; min-height: 0; } fieldset { border: 0; margin: 0; padding: 0; min-width: 0; } .sheet h3 { margin: 0; flex: 1; font-size: 16px; } .sheet p { margin: 0; font-size: 14px; }
.sheet form { display: grid; gap: 10px; padding: 0; border: 0; } .sheet label { display: grid; gap: 2px; font-size: 14px; } .sheet .check { display: flex; align-items: flex-start; gap: 8px; } .sheet .check input { width: 24px; min-height: 24px; flex: none; margin: 0; accent-color: var(--accent); }
.sheet input, .sheet select { min-height: 44px; padding: 8px 12px; border: 1px solid var(--soft); border-radius: 12px; background: var(--page); width: 100%; }
.typer { padding: 0 16px 6px; }
form { display: flex; align-items: flex-end; gap: 4px; padding: 10px; border-top: 1px solid var(--line); }
textarea { flex: 1; min-width: 0; min-height: 44px; max-height: 130px; resize: none; field-sizing: content; padding: 9px 12px; border: 1px solid var(--soft); border-radius: 12px; background: var(--page); }
form:dir(rtl) textarea:placeholder-shown { text-align: right; }
.tiny { position: absolute; width: 1px; height: 1px; overflow: clip; clip-path: inset(50%); }
@media (prefers-reduced-motion: reduce) { * { animation: none !important; } .meter { display: none; } }
`

const sheet = new CSSStyleSheet()
sheet.replaceSync(CSS)
