//! What a thread can do before it is confined, and after.

use std::io::Write;
use std::process::{Child, Command, Stdio};
use std::thread;

use super::{Kind, Limits, calls, files, probe};

const KINDS: [Kind; 4] = [Kind::Llm, Kind::Speech, Kind::Voice, Kind::Extract];

/// Tries something in a thread, confines the thread, and tries it again. Other threads are not affected.
fn before_and_after<T: Send>(
    confine: impl FnOnce() + Send,
    tried: impl Fn() -> T + Send,
) -> (T, T) {
    let both = thread::scope(|scope| {
        let thread = scope.spawn(move || {
            let before = tried();
            confine();
            (before, tried())
        });
        thread.join()
    });
    both.unwrap()
}

/// Runs `tried` in a thread with the filter of this kind.
fn run_filtered<T: Send>(kind: Kind, tried: impl Fn() -> T + Send) -> T {
    let inside = move || {
        assert!(calls::close(kind, false));
        tried()
    };
    thread::scope(|scope| scope.spawn(inside).join()).unwrap()
}

fn filter() {
    assert!(calls::close(Kind::Llm, false));
}

/// Denies all files in a thread; `false` on a kernel without Landlock.
fn landlock() -> bool {
    let there = thread::spawn(|| files::close(&Limits::default()));
    let there = there.join().unwrap();
    if !there {
        let said = "left out: this kernel has no Landlock\n";
        std::io::stdout().write_all(said.as_bytes()).unwrap();
    }
    there
}

/// Another process of the same user, killed on drop.
struct Other(Child);

impl Other {
    fn start() -> Self {
        let mut command = Command::new("cat");
        command.stdin(Stdio::piped()).stdout(Stdio::null());
        Self(command.spawn().unwrap())
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn no_socket_is_made() {
    assert_eq!(before_and_after(filter, probe::can_connect), (true, false));
}

#[test]
fn no_ring_is_made() {
    let (before, after) = before_and_after(filter, probe::can_use_rings);
    assert!(!after);
    // A container or the administrator may have disabled io_uring already.
    let turned_off = std::fs::read_to_string("/proc/sys/kernel/io_uring_disabled");
    if turned_off.is_ok_and(|value| value.trim() == "0") && !in_container() {
        assert!(before);
    }
}

/// Whether this process has a filter already, as in a container.
fn in_container() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    !status.lines().any(|line| line == "Seccomp:\t0")
}

#[test]
fn no_other_process_is_signalled() {
    let other = Other::start();
    let tried = || probe::can_signal(other.0.id());
    assert_eq!(before_and_after(filter, tried), (true, false));
}

#[test]
fn no_process_is_started() {
    assert_eq!(before_and_after(filter, probe::can_fork), (true, false));
    let (before, after) = before_and_after(filter, || Command::new("true").status().is_ok());
    assert_eq!((before, after), (true, false));
}

#[test]
fn no_program_is_started() {
    assert_eq!(before_and_after(filter, probe::can_execute), (true, false));
}

#[test]
fn no_other_file_is_read() {
    let none = Limits::default();
    let tried = || probe::can_read(&none);
    if landlock() {
        let confine = || assert!(files::close(&none));
        assert_eq!(before_and_after(confine, tried), (true, false));
    }
    // A document parser cannot open any file, even without Landlock.
    assert!(!run_filtered(Kind::Extract, tried));
    assert!(run_filtered(Kind::Llm, tried));
}

#[test]
fn the_process_that_started_it_is_not_looked_into() {
    let other = Other::start();
    let tried = || probe::can_look_into(other.0.id());
    if landlock() {
        let confine = || assert!(files::close(&Limits::default()));
        assert_eq!(before_and_after(confine, tried), (true, false));
    }
    assert!(!run_filtered(Kind::Extract, tried));
}

#[test]
fn what_is_needed_stays_readable() {
    let folder = tempfile::tempdir().unwrap();
    let model = folder.path().join("model");
    std::fs::write(&model, "weights").unwrap();
    let limits = Limits {
        readable: vec![model.clone()],
        ..Limits::default()
    };
    let tried = thread::spawn(move || {
        let closed = files::close(&limits);
        calls::close(Kind::Speech, false);
        let written = closed && std::fs::write(&model, "others").is_ok();
        (written, std::fs::read_to_string(&model).unwrap())
    });
    assert_eq!(tried.join().unwrap(), (false, "weights".to_owned()));
}

/// Memory, threads, panics, time and signals to itself still work.
#[test]
fn what_the_engines_do_goes_on() {
    for kind in KINDS {
        let sum = run_filtered(kind, || {
            let caught =
                std::panic::catch_unwind(|| -> u8 { std::panic::resume_unwind(Box::new(1)) });
            let threads: Vec<_> = (0..4_u64)
                .map(|n| {
                    thread::spawn(move || {
                        thread::sleep(std::time::Duration::from_millis(1));
                        vec![n; 4 << 20].into_iter().sum::<u64>() >> 22
                    })
                })
                .collect();
            assert!(caught.is_err() && thread::available_parallelism().is_ok());
            let own = i32::try_from(std::process::id()).unwrap();
            #[expect(unsafe_code, reason = "the standard library sends no signals")]
            // SAFETY: signal 0 only asks whether a signal could be sent.
            let itself = unsafe { libc::kill(own, 0) };
            assert_eq!(itself, 0);
            threads.into_iter().map(|t| t.join().unwrap()).sum::<u64>()
        });
        assert_eq!(sum, 6, "{kind:?}");
    }
}

/// Tries to get memory that is writable first and executable later.
fn can_make_code() -> bool {
    let page = 4096;
    #[expect(unsafe_code, reason = "the standard library maps no memory")]
    // SAFETY: a new mapping at an address that the kernel chooses; it is unmapped before the function ends.
    unsafe {
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
        let memory = libc::mmap(std::ptr::null_mut(), page, libc::PROT_READ, flags, -1, 0);
        assert_ne!(memory, libc::MAP_FAILED);
        let run = libc::mprotect(memory, page, libc::PROT_READ | libc::PROT_EXEC);
        libc::munmap(memory, page);
        run == 0
    }
}

#[test]
fn no_code_is_made() {
    assert_eq!(before_and_after(filter, can_make_code), (true, false));
    let with_gpu = || assert!(calls::close(Kind::Llm, true));
    assert_eq!(before_and_after(with_gpu, can_make_code), (true, true));
}

/// The filter for a GPU allows what its driver needs, and nothing that reaches outside.
#[test]
fn a_gpu_opens_no_way_out() {
    let other = Other::start();
    let id = other.0.id();
    let tried = || {
        [
            probe::can_connect(),
            probe::can_use_rings(),
            probe::can_signal(id),
            probe::can_fork(),
            probe::can_execute(),
        ]
    };
    let with_gpu = || assert!(calls::close(Kind::Llm, true));
    assert_eq!(before_and_after(with_gpu, tried).1, [false; 5]);
}

/// Calls that reach other processes, the kernel or other namespaces, each with harmless arguments: the filter refuses
/// them before the kernel reads the arguments.
#[test]
fn other_ways_out_are_refused() {
    let refused = run_filtered(Kind::Voice, || {
        let calls = [
            libc::SYS_ptrace,
            libc::SYS_process_vm_readv,
            libc::SYS_bpf,
            libc::SYS_keyctl,
            libc::SYS_userfaultfd,
            libc::SYS_perf_event_open,
            libc::SYS_unshare,
            libc::SYS_setns,
            libc::SYS_mount,
            libc::SYS_memfd_create,
            libc::SYS_socketpair,
            libc::SYS_pidfd_getfd,
            libc::SYS_prlimit64,
        ];
        calls.map(|call| {
            #[expect(unsafe_code, reason = "the standard library makes none of them")]
            // SAFETY: these arguments are invalid for every call, so each fails even if the filter allows it.
            let answer =
                unsafe { libc::syscall(call, -1_i64, -1_i64, -1_i64, -1_i64, -1_i64, -1_i64) };
            let error = std::io::Error::last_os_error().raw_os_error();
            (answer, error == Some(libc::EPERM))
        })
    });
    assert!(
        refused.iter().all(|outcome| *outcome == (-1, true)),
        "{refused:?}"
    );
}
