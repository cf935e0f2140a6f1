//! Streams that turn to TLS after a word in the clear.

use tokio::io::BufReader;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt};

use super::tls::{data, limits, place, vouched};
use super::*;

/// A mail server: what it says at first, and what to each line that begins with a word. After an answer with `!` it turns
/// to TLS (if it can) and sends each byte back.
struct Talk {
    greeting: &'static str,
    answers: &'static [(&'static str, &'static str)],
}

const SMTP: Talk = Talk {
    greeting: "220 mail.example ESMTP\r\n",
    answers: &[
        (
            "EHLO",
            "250-mail.example\r\n250-SIZE 1000\r\n250 STARTTLS\r\n",
        ),
        ("STARTTLS", "!220 go ahead\r\n"),
    ],
};
const IMAP: Talk = Talk {
    greeting: "* OK [CAPABILITY IMAP4rev1 STARTTLS] ready\r\n",
    answers: &[("f1 STARTTLS", "!f1 OK begin\r\n")],
};

/// Starts it; returns its authority, its port, and what it heard in the clear.
async fn start(talk: Talk) -> (String, u16, Arc<std::sync::Mutex<String>>) {
    let (authority, acceptor) = vouched("mail.example");
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let heard = Arc::new(std::sync::Mutex::new(String::new()));
    let noted = heard.clone();
    tokio::spawn(async move {
        let (socket, _) = listener.accept().await.unwrap();
        let mut socket = BufReader::new(socket);
        socket.write_all(talk.greeting.as_bytes()).await.unwrap();
        let mut line = String::new();
        while socket.read_line(&mut line).await.is_ok_and(|n| n > 0) {
            noted.lock().unwrap().push_str(&line);
            let answer = talk.answers.iter().find(|(word, _)| line.starts_with(word));
            let answer = answer.map_or("500 what?\r\n", |(_, answer)| answer);
            let turns = answer.strip_prefix('!');
            socket
                .write_all(turns.unwrap_or(answer).as_bytes())
                .await
                .unwrap();
            if turns.is_some() {
                let stream = acceptor.accept(socket.into_inner()).await;
                let Ok(stream) = stream else { return };
                let (mut from, mut to) = tokio::io::split(stream);
                let _gone = tokio::io::copy(&mut from, &mut to).await;
                return;
            }
            line.clear();
        }
    });
    (authority, port, heard)
}

async fn try_with(talk: Talk, clear: Clear<'_>) -> (Result<TlsStream, EgressError>, Bench, String) {
    let (authority, port, heard) = start(talk).await;
    let own = bench(
        &format!("mail.example:{port}"),
        &[("mail.example", &["127.0.0.1"])],
    );
    let place = place("mail.example", port, Some(authority));
    let stream = own.gateway.starttls(&place, clear, data(), limits()).await;
    let heard = heard.lock().unwrap().clone();
    (stream, own, heard)
}

#[tokio::test]
async fn mail_servers_are_asked_for_tls_before_anything_else() {
    let smtp = Clear::Smtp {
        hello: "desk.example",
    };
    for (talk, clear, said, url) in [
        (SMTP, smtp, "EHLO desk.example\r\nSTARTTLS\r\n", "smtp://"),
        (IMAP, Clear::Imap, "f1 STARTTLS\r\n", "imap://"),
    ] {
        let (stream, own, heard) = try_with(talk, clear).await;
        let mut stream = stream.unwrap();
        assert_eq!(heard, said);
        stream.write_all(b"ping").await.unwrap();
        let mut back = [0; 4];
        stream.read_exact(&mut back).await.unwrap();
        assert_eq!(&back, b"ping");
        let row = own.ledger().await.remove(0);
        assert!(row.url.starts_with(url), "{}", row.url);
        assert_eq!(row.purpose, "e-mail");
    }
}

#[tokio::test]
async fn a_server_that_stays_in_the_clear_gets_nothing() {
    let smtp = Clear::Smtp {
        hello: "desk.example",
    };
    let without = Talk {
        answers: &[("EHLO", "250-mail.example\r\n250 SIZE 1000\r\n")],
        ..SMTP
    };
    let refuses = Talk {
        answers: &[
            ("EHLO", "250 STARTTLS\r\n"),
            ("STARTTLS", "454 not now\r\n"),
        ],
        ..SMTP
    };
    let imap = Talk {
        answers: &[("f1 STARTTLS", "f1 BAD what?\r\n")],
        ..IMAP
    };
    for (talk, clear) in [(without, smtp), (refuses, smtp), (imap, Clear::Imap)] {
        let (stream, _, _) = try_with(talk, clear).await;
        let error = stream.err().unwrap();
        assert!(matches!(error, EgressError::Place { .. }), "{error}");
        assert!(error.to_string().contains("STARTTLS"), "{error}");
    }
}

#[tokio::test]
async fn words_before_tls_are_not_taken_for_words_within_it() {
    let smtp = Clear::Smtp {
        hello: "desk.example",
    };
    let pushy = Talk {
        answers: &[
            ("EHLO", "250 STARTTLS\r\n"),
            ("STARTTLS", "!220 go ahead\r\n250 injected\r\n"),
        ],
        ..SMTP
    };
    let (stream, _, _) = try_with(pushy, smtp).await;
    assert!(matches!(stream, Err(EgressError::Failed { .. })));
}

#[tokio::test]
async fn what_is_no_mail_server_is_told_in_its_own_words() {
    let smtp = Clear::Smtp {
        hello: "desk.example",
    };
    let talks = Talk {
        greeting: "554 you are not welcome\r\n",
        answers: &[],
    };
    let (stream, _, heard) = try_with(talks, smtp).await;
    let error = stream.err().unwrap().to_string();
    assert!(error.contains("554 you are not welcome"), "{error}");
    assert_eq!(heard, "");
    let evil = Clear::Smtp {
        hello: "desk.example\r\nMAIL FROM:<a@b>",
    };
    let (stream, _, heard) = try_with(SMTP, evil).await;
    assert!(stream.is_err());
    assert_eq!(heard, "");
}
