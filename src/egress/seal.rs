//! Cuts the network off in the kernel: a sealed process cannot open a connection, whatever code runs in it.

use std::sync::atomic::{AtomicBool, Ordering};

/// Set once this process is sealed and a test connection has failed.
static SEALED: AtomicBool = AtomicBool::new(false);

/// Seals this process; call it before any other thread starts. Returns whether the seal holds.
pub fn seal() -> bool {
    let sealed = seal_thread();
    SEALED.store(sealed, Ordering::Relaxed);
    sealed
}

pub fn is_sealed() -> bool {
    SEALED.load(Ordering::Relaxed)
}

/// Denies this thread, and every thread and process that it starts later, all outgoing traffic: no connection, no
/// datagram, no io_uring. Listening still works. Returns whether the seal holds, by trying to connect.
#[cfg(target_os = "linux")]
fn seal_thread() -> bool {
    filter().is_some_and(|program| seccompiler::apply_filter(&program).is_ok()) && !can_connect()
}

/// Only Linux has seccomp.
#[cfg(not(target_os = "linux"))]
fn seal_thread() -> bool {
    false
}

#[cfg(target_os = "linux")]
fn filter() -> Option<seccompiler::BpfProgram> {
    use seccompiler::{
        SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    };
    let when = |conditions: Vec<SeccompCondition>| SeccompRule::new(conditions).ok();
    let is = |argument, length, op, value| SeccompCondition::new(argument, length, op, value).ok();
    let (word, whole) = (SeccompCmpArgLen::Dword, SeccompCmpArgLen::Qword);
    // Of the internet's sockets only streams are allowed: listening needs them, while datagrams go out unconnected.
    let mut sockets = Vec::new();
    for family in [libc::AF_INET, libc::AF_INET6] {
        // SOCK_CLOEXEC and SOCK_NONBLOCK use higher bits than the type.
        const TYPE: u64 = 0xf;
        let family = u64::from(family.unsigned_abs());
        let stream = u64::from(libc::SOCK_STREAM.unsigned_abs());
        for other in (0..=TYPE).filter(|kind| *kind != stream) {
            let of_type = is(1, word.clone(), SeccompCmpOp::MaskedEq(TYPE), other)?;
            sockets.push(when(vec![
                is(0, word.clone(), SeccompCmpOp::Eq, family)?,
                of_type,
            ])?);
        }
    }
    // Raw packets.
    let packet = u64::from(libc::AF_PACKET.unsigned_abs());
    sockets.push(when(vec![is(0, word, SeccompCmpOp::Eq, packet)?])?);
    // `sendto` with an address sends a datagram, or the first bytes of a stream (TCP Fast Open), without `connect`.
    let addressed = when(vec![is(4, whole, SeccompCmpOp::Ne, 0)?])?;
    let refused = std::collections::BTreeMap::from([
        (libc::SYS_connect, Vec::new()),
        (libc::SYS_sendto, vec![addressed]),
        (libc::SYS_socket, sockets),
        (libc::SYS_io_uring_setup, Vec::new()),
        (libc::SYS_io_uring_enter, Vec::new()),
        (libc::SYS_io_uring_register, Vec::new()),
    ]);
    let arch = seccompiler::TargetArch::try_from(std::env::consts::ARCH).ok()?;
    let eperm = SeccompAction::Errno(libc::EPERM.unsigned_abs());
    let filter = SeccompFilter::new(refused, SeccompAction::Allow, eperm, arch);
    filter.ok()?.try_into().ok()
}

/// Tries to connect to this machine. Nobody listens on that port, but only a sealed process gets "permission denied".
#[cfg(target_os = "linux")]
fn can_connect() -> bool {
    let is_refused = |error: std::io::Error| error.kind() == std::io::ErrorKind::PermissionDenied;
    let stream = std::net::TcpStream::connect(("127.0.0.1", 9));
    let datagram = std::net::UdpSocket::bind(("127.0.0.1", 0));
    !(stream.is_err_and(is_refused) && datagram.is_err_and(is_refused))
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    fn a_sealed_thread_listens_and_answers_but_reaches_nobody() {
        let outside = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = outside.local_addr().unwrap();
        assert!(TcpStream::connect(address).is_ok());
        // The filter holds for the thread that sets it, so the other tests go on.
        let (told, port) = std::sync::mpsc::channel();
        let sealed = std::thread::spawn(move || {
            assert!(can_connect());
            let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
            assert!(seal_thread());
            told.send(listener.local_addr().unwrap()).unwrap();
            let (mut guest, _) = listener.accept().unwrap();
            let mut question = [0; 4];
            guest.read_exact(&mut question).unwrap();
            guest.write_all(&question).unwrap();
            // Listening again works as well.
            TcpListener::bind(("127.0.0.1", 0)).unwrap();
            TcpStream::connect(address).unwrap_err().kind()
        });
        let mut guest = TcpStream::connect(port.recv().unwrap()).unwrap();
        guest.write_all(b"ping").unwrap();
        let mut answer = [0; 4];
        guest.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"ping");
        let refused = sealed.join().unwrap();
        assert_eq!(refused, std::io::ErrorKind::PermissionDenied);
    }
}
