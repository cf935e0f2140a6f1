// What staff do with a conversation. Whatever can be taken back offers it in a toast and by the key "z".
import { announce, toast } from "../lib/toast.js"
import * as api from "./api.js"
import { confirm } from "./dialog.js"
import { nameOf } from "./words.js"

const DONE = {
  close: "closed", spam: "marked as spam", "not-spam": "no longer spam", snooze: "snoozed", wake: "no longer snoozed",
  assign: "assigned", tag: "tagged", read: "marked as read", unread: "marked as unread",
}

export class Acts {
  #undo
  #offered

  // `changed(row)` after each act; `refresh()` where rows may be anywhere.
  constructor({ changed, refresh }) {
    this.changed = changed
    this.refresh = refresh
  }

  // False if a colleague keeps it.
  async take(row, me) {
    const other = row.state === "human" && row.assigned_to?.id !== me.id
    if (other && !await this.#takeFrom(row.assigned_to?.name)) return false
    return this.#try(async () => {
      try {
        this.changed(await api.change(row.id, "take", other ? row.revision : undefined))
      } catch (error) {
        if (error.problem?.code !== "taken") throw error
        return this.takeAfterAll(row.id, error)
      }
      announce(`You have the conversation with ${nameOf(row)}.`)
      return true
    })
  }

  // A colleague was faster: says who, and offers to take it from them.
  async takeAfterAll(id, refusal) {
    const now = await api.read(id)
    if (!await this.#takeFrom(now.assigned_to?.name, refusal.message)) {
      this.changed(now)
      return false
    }
    this.changed(await api.change(id, "take", now.revision))
    return true
  }

  #takeFrom(name, why) {
    const who = name ?? "a colleague"
    return confirm(`${name ?? "A colleague"} has this conversation`,
      `${why ? `${why} ` : ""}If you take it, ${who} is told, and the visitor hears from you from now on.`,
      `Take it from ${who}`)
  }

  giveBack(row) {
    return this.#try(async () => {
      this.changed(await api.change(row.id, "return", row.revision))
      toast("You gave it back. The assistant answers again, and the visitor is told.")
      return true
    })
  }

  reopen(row) {
    return this.#try(async () => {
      this.changed(await api.change(row.id, "reopen"))
      announce("The conversation is open again.")
      return true
    })
  }

  markUnread(row) {
    return this.#try(async () => { this.changed(await api.change(row.id, "unread")); return true })
  }

  // `act` is close, spam, not-spam, snooze, assign, tag, read or unread; `more` are its own fields. For one or many.
  many(ids, act, more = {}) {
    return this.#try(async () => {
      const { done, failed, undo } = await api.bulk(ids, act, more)
      await this.refresh(done)
      const what = act === "snooze" && more.until === null ? DONE.wake : DONE[act]
      const some = done.length === 1 ? `The conversation is ${what}.` : `${done.length} conversations are ${what}.`
      const not = failed.length ? ` ${failed.length} could not be: ${failed[0].detail}` : ""
      if (!done.length) { toast(not.trim()); return false }
      this.#offer(some + not, undo && (() => this.#takeBack(undo, ids)))
      return true
    })
  }

  undoLast() {
    const undo = this.#undo
    if (!undo) return announce("There is nothing to undo.")
    this.#undo = undefined
    this.#offered?.abort()
    return this.#try(undo)
  }

  async #takeBack(token, ids) {
    const { done, failed } = await api.undo(token)
    await this.refresh(ids)
    const not = failed.length ? `${failed.length} could not be undone: ${failed[0].detail}` : ""
    toast([done.length ? "Undone." : "", not].filter(Boolean).join(" "))
  }

  async #offer(text, undo) {
    this.#undo = undo || undefined
    this.#offered = new AbortController()
    announce(undo ? `${text} Press z to undo.` : text)
    const taken = await toast(text, undo ? "Undo" : undefined, { signal: this.#offered.signal })
    if (taken && this.#undo === undo) this.undoLast()
  }

  async #try(act) {
    try {
      return await act()
    } catch (error) {
      toast(error.message)
      return false
    }
  }
}
