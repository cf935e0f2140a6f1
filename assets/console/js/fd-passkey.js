// Adds a passkey, or signs in with one. Hidden where the browser knows none.

const toBytes = text => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), letter => letter.charCodeAt(0))
const toText = bytes =>
  btoa(String.fromCharCode(...new Uint8Array(bytes))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "")

async function send(path, body) {
  const answer = await fetch(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  })
  if (answer.status === 204) return null
  const said = await answer.json().catch(() => ({}))
  if (!answer.ok) throw new Error(said.detail || "This did not work. Try again.")
  return said
}

class Passkey extends HTMLElement {
  connectedCallback() {
    if (!window.PublicKeyCredential) return
    this.hidden = false
    const form = this.querySelector("form")
    if (form) form.addEventListener("submit", event => this.run(event, () => this.add(form)))
    else this.querySelector("button").addEventListener("click", event => this.run(event, () => this.signIn()))
  }

  async run(event, act) {
    event.preventDefault()
    const error = this.querySelector("[data-error]")
    const button = this.querySelector("button")
    error.hidden = true
    button.disabled = true
    try {
      await act()
    } catch (failure) {
      // The person closed the browser's own dialogue.
      if (failure.name !== "NotAllowedError") {
        error.textContent = failure.message
        error.hidden = false
      }
    } finally {
      button.disabled = false
    }
  }

  async add(form) {
    const password = form.elements.password ? form.elements.password.value : ""
    const asked = await send("/account/passkeys/begin", { password })
    const made = await navigator.credentials.create({
      publicKey: {
        challenge: toBytes(asked.challenge),
        rp: { id: asked.site, name: asked.business },
        user: { id: toBytes(asked.user), name: asked.email, displayName: asked.name },
        pubKeyCredParams: asked.algorithms.map(alg => ({ type: "public-key", alg })),
        authenticatorSelection: { residentKey: "required", userVerification: "required" },
        excludeCredentials: asked.known.map(id => ({ type: "public-key", id: toBytes(id) })),
        attestation: "none",
      },
    })
    await send("/account/passkeys", {
      name: form.elements.name.value,
      client_data: toText(made.response.clientDataJSON),
      authenticator_data: toText(made.response.getAuthenticatorData()),
    })
    location.reload()
  }

  async signIn() {
    const asked = await send("/login/passkey/begin", {})
    const found = await navigator.credentials.get({
      publicKey: { challenge: toBytes(asked.challenge), rpId: asked.site, userVerification: "required" },
    })
    const done = await send("/login/passkey", {
      credential: toText(found.rawId),
      client_data: toText(found.response.clientDataJSON),
      authenticator_data: toText(found.response.authenticatorData),
      signature: toText(found.response.signature),
      next: this.getAttribute("next") || "",
    })
    location.assign(done.to)
  }
}

customElements.define("fd-passkey", Passkey)
