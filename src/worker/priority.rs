//! Who goes first when the processors are short.

/// What nobody is on the line for: about a tenth of the share of a process at 0.
const BACKGROUND: libc::c_int = 10;

/// Lets this thread, and every thread that it starts later, give way to those of other processes: for
/// work that nobody waits for on the line. Where the system refuses, nothing changes.
pub fn lower() {
    #[expect(unsafe_code, reason = "the standard library cannot set a priority")]
    // SAFETY: the call takes numbers only; 0 means the calling thread.
    let outcome = unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, BACKGROUND) };
    if outcome != 0 {
        let error = std::io::Error::last_os_error();
        tracing::debug!("the priority cannot be lowered: {error}");
    }
}
