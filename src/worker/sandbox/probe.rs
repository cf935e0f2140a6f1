//! Tries what a worker must not be able to do. Each function returns whether it was possible, and undoes it.

use std::io::ErrorKind;
use std::os::fd::{FromRawFd, OwnedFd, RawFd};
use std::path::Path;

use libc::c_long;

use super::Limits;

/// Tries to make a socket, the first step of any connection.
pub(super) fn can_connect() -> bool {
    [libc::AF_INET, libc::AF_INET6, libc::AF_UNIX]
        .into_iter()
        .any(|family| {
            #[expect(unsafe_code, reason = "the standard library makes no bare sockets")]
            // SAFETY: the call takes numbers only.
            let made = unsafe { libc::socket(family, libc::SOCK_STREAM | libc::SOCK_CLOEXEC, 0) };
            close_if_opened(made.into())
        })
}

/// Tries to make an io_uring, which could open connections without system calls that seccomp can filter.
pub(super) fn can_use_rings() -> bool {
    // struct io_uring_params: 120 bytes, all 0 for a default ring.
    let mut parameters = [0_u64; 15];
    #[expect(unsafe_code, reason = "the standard library knows no rings")]
    // SAFETY: the kernel writes at most 120 bytes into a buffer of 120 bytes that outlives the call.
    let made = unsafe {
        libc::syscall(
            libc::SYS_io_uring_setup,
            c_long::from(1_u8),
            parameters.as_mut_ptr(),
        )
    };
    close_if_opened(made)
}

/// Whether a process could be signalled, by its id or through a descriptor; no signal is sent.
pub(super) fn can_signal(process: u32) -> bool {
    let id = c_long::from(process);
    let none = c_long::from(0_u8);
    #[expect(unsafe_code, reason = "the standard library sends no signals")]
    // SAFETY: the calls take numbers only; signal 0 only asks whether a signal could be sent.
    let (whole, thread, descriptor) = unsafe {
        (
            libc::syscall(libc::SYS_kill, id, none),
            libc::syscall(libc::SYS_tgkill, id, id, none),
            libc::syscall(libc::SYS_pidfd_open, id, none),
        )
    };
    let descriptor = close_if_opened(descriptor);
    whole == 0 || thread == 0 || descriptor
}

/// Tries to open the environment and the memory of a process.
pub(super) fn can_look_into(process: u32) -> bool {
    ["environ", "mem"]
        .into_iter()
        .any(|what| std::fs::File::open(format!("/proc/{process}/{what}")).is_ok())
}

/// Tries to open files that no worker needs. The last two exist on every system: the program itself and the root folder.
pub(super) fn can_read(limits: &Limits) -> bool {
    let needed = |path: &Path| {
        let mut allowed = limits.readable.iter().chain(&limits.writable);
        allowed.any(|allowed| path.starts_with(allowed))
    };
    let program = std::env::current_exe().unwrap_or_default();
    let canaries = [Path::new("/etc/passwd"), program.as_path(), Path::new("/")];
    let mut refused = false;
    for canary in canaries.into_iter().filter(|canary| !needed(canary)) {
        match std::fs::File::open(canary) {
            Ok(_) => return true,
            Err(error) => refused |= error.kind() == ErrorKind::PermissionDenied,
        }
    }
    // A missing file proves nothing: at least one must be refused.
    !refused
}

/// Tries to start a process, which exits at once.
pub(super) fn can_fork() -> bool {
    let signal = c_long::from(libc::SIGCHLD);
    let none = c_long::from(0_u8);
    #[expect(unsafe_code, reason = "the standard library starts programs only")]
    // SAFETY: without CLONE_VM the child has memory of its own, and it ends before it uses any of it.
    unsafe {
        reap(libc::syscall(
            libc::SYS_clone,
            signal,
            none,
            none,
            none,
            none,
        )) || reap(clone3())
    }
}

/// The newer call to start a process, which takes its flags in memory. It returns 0 in the child.
#[expect(unsafe_code, reason = "the standard library starts programs only")]
unsafe fn clone3() -> c_long {
    // struct clone_args, first version: flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls.
    let mut arguments = [0_u64; 8];
    arguments[4] = u64::from(libc::SIGCHLD.cast_unsigned());
    let bytes = size_of_val(&arguments);
    // SAFETY: the kernel reads exactly the bytes of `arguments`. The caller handles the child.
    unsafe { libc::syscall(libc::SYS_clone3, arguments.as_ptr(), bytes) }
}

/// Handles the result of `clone`: the child exits here, the parent waits for it. Returns whether there was a child.
#[expect(unsafe_code, reason = "the standard library starts programs only")]
unsafe fn reap(answer: c_long) -> bool {
    let Ok(child) = libc::pid_t::try_from(answer) else {
        return true;
    };
    match child {
        // SAFETY: it exits the child without running any other code of it.
        0 => unsafe { libc::_exit(0) },
        1.. => {
            // SAFETY: the child belongs to nobody else, and a null pointer is not written to.
            unsafe { libc::waitpid(child, std::ptr::null_mut(), 0) };
            true
        }
        _ => false,
    }
}

/// Whether this process could execute another program. The call has no file name: a kernel that allows it fails with
/// EFAULT, one that forbids it with another error.
pub(super) fn can_execute() -> bool {
    let nothing = std::ptr::null::<libc::c_char>();
    let none = c_long::from(0_u8);
    #[expect(unsafe_code, reason = "the standard library starts programs only")]
    // SAFETY: a null pointer is an error for the kernel, so the call returns.
    let calls: [&dyn Fn() -> c_long; 2] = [
        &|| unsafe { libc::syscall(libc::SYS_execve, nothing, nothing, nothing) },
        &|| unsafe {
            libc::syscall(
                libc::SYS_execveat,
                c_long::from(libc::AT_FDCWD),
                nothing,
                nothing,
                nothing,
                none,
            )
        },
    ];
    calls.iter().any(|call| {
        call();
        let error = std::io::Error::last_os_error().raw_os_error();
        !matches!(error, Some(libc::EPERM | libc::EACCES | libc::ENOSYS))
    })
}

/// Whether a call returned a descriptor, which is closed again.
fn close_if_opened(answer: c_long) -> bool {
    let Ok(descriptor @ 0..) = RawFd::try_from(answer) else {
        return false;
    };
    #[expect(unsafe_code, reason = "the calls answer with numbers")]
    // SAFETY: the kernel has just made it, so nobody else owns it.
    drop(unsafe { OwnedFd::from_raw_fd(descriptor) });
    true
}
