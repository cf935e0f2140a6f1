//! Keeps descriptors from leaking into child processes, and memory from leaking into core dumps and other processes.

/// Marks every descriptor but the three standard ones close-on-exec, so that no child inherits them. Rust marks the ones
/// it opens, but not those that this process inherited from whatever started it.
pub fn keep_descriptors() {
    if !mark_range() {
        // The kernel is older than 5.11, which brought CLOSE_RANGE_CLOEXEC.
        mark_one_by_one();
    }
}

#[cfg(target_os = "linux")]
fn mark_range() -> bool {
    #[expect(unsafe_code, reason = "the standard library cannot mark a range")]
    // SAFETY: the call takes numbers only, and a marked descriptor still works in this process.
    let outcome = unsafe {
        libc::syscall(
            libc::SYS_close_range,
            libc::c_ulong::from(3_u8),
            libc::c_ulong::from(u32::MAX),
            libc::c_ulong::from(libc::CLOSE_RANGE_CLOEXEC),
        )
    };
    outcome == 0
}

#[cfg(not(target_os = "linux"))]
fn mark_range() -> bool {
    false
}

fn mark_one_by_one() {
    let open = std::fs::read_dir("/dev/fd").into_iter().flatten().flatten();
    let numbers: Vec<i32> = open
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|number| *number > 2)
        .collect();
    for number in numbers {
        #[expect(unsafe_code, reason = "the standard library marks only what it opened")]
        // SAFETY: the call takes numbers only; a number that is no longer open is an error without effect.
        unsafe {
            libc::fcntl(number, libc::F_SETFD, libc::FD_CLOEXEC);
        }
    }
}

/// Keeps rights that a service was given, such as the use of ports below 1024, in this process: no program that it starts
/// has them. On a system that does not support this, nothing changes.
pub fn keep_rights_here() {
    #[cfg(target_os = "linux")]
    {
        #[expect(unsafe_code, reason = "the standard library cannot do it")]
        // SAFETY: the call takes numbers only.
        unsafe {
            libc::prctl(
                libc::PR_CAP_AMBIENT,
                libc::PR_CAP_AMBIENT_CLEAR_ALL,
                0,
                0,
                0,
            );
        }
    }
}

/// Keeps secrets in memory (the store's key, what visitors say) out of core dumps and away from other processes of the
/// same user: no debugger can attach, and only the administrator can read its environment and memory. On a system that
/// does not support this, nothing changes.
///
/// The process's files in `/proc` then belong to root; it can still read its own descriptors and statistics.
pub fn keep_private() {
    // Lowering a limit is always allowed.
    let _ = rlimit::Resource::CORE.set(0, 0);
    #[cfg(target_os = "linux")]
    {
        #[expect(unsafe_code, reason = "the standard library cannot do it")]
        // SAFETY: the call takes numbers only.
        unsafe {
            libc::prctl(libc::PR_SET_DUMPABLE, 0, 0, 0, 0);
        }
    }
}

/// Lets this process open as many files and connections as the system allows it at most: shells and services begin with
/// 1,024, which that many open pages use up. Returns how many that are; `None` where it cannot be told. Workers lower
/// their limit themselves.
pub fn raise_descriptors(wanted: u64) -> Option<u64> {
    rlimit::increase_nofile_limit(wanted).ok()
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

    use super::*;

    /// A descriptor that children inherit.
    fn inheritable() -> OwnedFd {
        let file = std::fs::File::open("/dev/null").unwrap();
        #[expect(unsafe_code, reason = "the standard library opens none of this kind")]
        // SAFETY: the new descriptor is owned by nobody else.
        unsafe {
            OwnedFd::from_raw_fd(libc::dup(file.as_raw_fd()))
        }
    }

    /// Whether a child has the descriptor.
    fn is_inherited(open: &OwnedFd) -> bool {
        let path = format!("/dev/fd/{}", open.as_raw_fd());
        let mut child = std::process::Command::new("test");
        child.args(["-e", &path]).status().unwrap().success()
    }

    #[test]
    fn children_inherit_no_descriptor() {
        let open = inheritable();
        assert!(is_inherited(&open));
        keep_descriptors();
        assert!(!is_inherited(&open));
        let another = inheritable();
        mark_one_by_one();
        assert!(!is_inherited(&another));
    }

    #[test]
    fn descriptors_are_raised_as_far_as_the_system_allows() {
        let (_, most) = rlimit::Resource::NOFILE.get().unwrap();
        let raised = raise_descriptors(u64::MAX).unwrap();
        assert_eq!(raised, most);
        assert_eq!(rlimit::Resource::NOFILE.get().unwrap(), (most, most));
    }

    #[test]
    fn a_private_process_leaves_no_core() {
        keep_private();
        #[expect(unsafe_code, reason = "the standard library cannot ask it")]
        // SAFETY: the call takes numbers only.
        let dumpable = unsafe { libc::prctl(libc::PR_GET_DUMPABLE, 0, 0, 0, 0) };
        assert_eq!(dumpable, 0);
        assert_eq!(rlimit::Resource::CORE.get().unwrap(), (0, 0));
    }
}
