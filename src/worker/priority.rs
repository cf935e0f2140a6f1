//! Which work goes first when processors are scarce.

/// The nice value of background work: about a tenth of the CPU share of a process at 0.
const BACKGROUND: libc::c_int = 10;

/// Lowers the priority of this thread and of every thread that it starts later: for work that no caller is waiting
/// for. If the system refuses, the priority stays as it is.
pub fn lower() {
    #[expect(unsafe_code, reason = "the standard library cannot set a priority")]
    // SAFETY: the call takes numbers only; 0 means the calling thread.
    let outcome = unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, BACKGROUND) };
    if outcome != 0 {
        let error = std::io::Error::last_os_error();
        tracing::debug!("the priority cannot be lowered: {error}");
    }
}
